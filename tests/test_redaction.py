"""No form of a secret gets past the redactor, wherever the text is cut."""

from __future__ import annotations

import html
import json
import shlex
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zotops.redaction import PLACEHOLDER, Redactor
from zotops.world import Secret

KEY = "zak_0123456789abcdef0123456789abcdef"
AWKWARD = "pä'ss\"w<o>r/d +&$`\\?~!"


def b64(text: str) -> str:
    return b64encode(text.encode()).decode()


def docker_config(secret: str) -> str:
    return json.dumps({"auths": {"registry.example.org": {"auth": b64(f"ci:{secret}")}}})


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "with a newline": lambda secret: f"{secret}\n",
    "user and secret": lambda secret: f"ci:{secret}",
    "base64 of user and secret": lambda secret: b64(f"ci:{secret}"),
    "without padding": lambda secret: b64(f"ci:{secret}").rstrip("="),
    "URL-safe base64": lambda secret: urlsafe_b64encode(f"ci:{secret}".encode()).decode(),
    "base64 of the secret": b64,
    "base64 with the newline": lambda secret: b64(f"{secret}\n"),
    "base64, shifted by one": lambda secret: b64(f"x{secret}tail"),
    "base64, shifted by two": lambda secret: b64(f"xy{secret}tail"),
    "docker's config": docker_config,
    "a pull secret": lambda secret: b64(docker_config(secret)),
    "a pull secret, shifted": lambda secret: b64(f"x{docker_config(secret)}"),
    "hex": lambda secret: secret.encode().hex(),
    "upper-case hex": lambda secret: secret.encode().hex().upper(),
    "URL": lambda secret: quote(secret, safe=""),
    "URL path": quote,
    "form": quote_plus,
    "JSON": json.dumps,
    "JSON in Unicode": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "HTML": html.escape,
    "shell": shlex.quote,
    "Python": repr,
}


def cores(text: str) -> set[str]:
    """What is the secret's alone in base64: enough of it to give the secret away."""
    encoded = {b64("." * before + text)[2:-3].rstrip("=") for before in range(3)}
    return encoded | {form.replace("+", "-").replace("/", "_") for form in encoded}


def shows(secret: str, text: str) -> bool:
    plain = {form(secret) for name, form in FORMS.items() if "base64" not in name and "pull" not in name}
    encoded = {*cores(secret), *(deep for core in cores(secret) for deep in cores(core))}
    return any(form in text for form in {*plain, *encoded} if len(form) >= 4)


@pytest.mark.parametrize(
    "secret", [KEY, AWKWARD, "s3cr3t", f" {AWKWARD}\n"], ids=["key", "awkward", "short", "newline"]
)
@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_removed(name: str, secret: str) -> None:
    redactor = Redactor()
    redactor.register(Secret(secret), user="ci")
    shown = redactor.redact(f"before {FORMS[name](secret)} after")
    assert PLACEHOLDER in shown
    assert not shows(secret.strip(), shown)
    assert shown.startswith("before ")
    assert shown.endswith(" after")


def test_a_registry_key_is_removed_though_nobody_registered_it() -> None:
    assert Redactor().redact(f"key={KEY}, rest") == f"key={PLACEHOLDER}, rest"


def test_text_without_a_secret_is_left_alone() -> None:
    redactor = Redactor()
    redactor.register(Secret(AWKWARD))
    assert redactor.redact("nothing here, zak_0123 either") == "nothing here, zak_0123 either"


@pytest.mark.parametrize("secret", ["", " ", "\n", "-", "abc"])
def test_what_is_too_short_to_be_a_secret_spoils_no_text(secret: str) -> None:
    redactor = Redactor()
    redactor.register(Secret(secret))
    assert redactor.redact("a - b abc\n") == "a - b abc\n"


def test_a_short_secret_is_removed_together_with_its_user() -> None:
    redactor = Redactor()
    redactor.register(Secret("abc"), user="zot-ci")
    assert redactor.redact(f"Authorization: Basic {b64('zot-ci:abc')}") == f"Authorization: Basic {PLACEHOLDER}"


def test_of_two_secrets_that_overlap_nothing_is_left() -> None:
    redactor = Redactor()
    redactor.register(Secret("first-second"))
    redactor.register(Secret("second-third"))
    redactor.register(Secret("second"))
    assert redactor.redact("<first-second-third>") == f"<{PLACEHOLDER}>"


def test_the_lines_of_a_long_secret_are_removed_one_by_one() -> None:
    redactor = Redactor()
    redactor.register(Secret("-----BEGIN KEY-----\nabcdefgh\nijklmnop\n-----END KEY-----\n"))
    shown: list[str] = []
    stream = redactor.stream(shown.append)
    for line in ("-----BEGIN KEY-----\n", "  abcdefgh\n", "ijklmnop\n"):
        stream.write(line)
    assert "".join(shown) == f"{PLACEHOLDER}\n  {PLACEHOLDER}\n{PLACEHOLDER}\n"


secrets = st.text(st.characters(codec="utf-8"), min_size=6, max_size=40).filter(
    lambda text: len(text.strip()) >= 6 and not set(text.strip()) <= set(PLACEHOLDER) and "\n" not in text.strip()
)


@given(secret=secrets, name=st.sampled_from(sorted(FORMS)), before=st.text(max_size=9), data=st.data())
def test_no_form_shows_wherever_the_text_is_cut(secret: str, name: str, before: str, data: st.DataObject) -> None:
    assume(not shows(secret.strip(), before))
    redactor = Redactor()
    redactor.register(Secret(secret), user="ci")
    text = f"{before}|{FORMS[name](secret)}|{'x' * 400}\n|{FORMS[name](secret)}"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    shown: list[str] = []
    stream = redactor.stream(shown.append)
    for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
        stream.write(text[start:stop])
    stream.close()
    assert not shows(secret.strip(), "".join(shown))
    assert "".join(shown).count("x" * 400) == 1


def test_a_complete_line_is_shown_at_once_and_a_long_one_by_and_by() -> None:
    shown: list[str] = []
    stream = Redactor().stream(shown.append)
    stream.write("ready\nstead")
    assert shown == ["ready\n"]
    stream.write("y" * 1000)
    assert len("".join(shown)) > 900


def test_a_sweep_names_the_file_and_the_form_and_never_the_secret(tmp_path: Path) -> None:
    redactor = Redactor()
    redactor.register(Secret(KEY), user="ci", name="item/field")
    clean, leaking = tmp_path / "clean", tmp_path / "leaking"
    clean.write_text("nothing\n")
    leaking.write_text(b64(f"ci:{KEY}"))
    found = redactor.sweep([clean, leaking, tmp_path / "absent"])
    assert f"{leaking}: shows item/field, base64" in found
    assert f"{tmp_path / 'absent'}: could not be swept: No such file or directory" in found
    assert not any(str(clean) in line or shows(KEY, line) for line in found)


def test_a_sweep_finds_a_key_that_nobody_registered() -> None:
    assert Redactor().hits(f"key {KEY}") == ["an API key of the registry that was never registered"]


def test_an_ordinary_word_that_is_somewhere_a_secret_is_no_hit() -> None:
    redactor = Redactor()
    redactor.register(Secret("unset"))
    assert redactor.redact("it is unset") == f"it is {PLACEHOLDER}"
    assert redactor.hits("it is unset") == []


def test_threads_may_register_while_others_redact() -> None:
    redactor = Redactor()
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(20):
            secret = f"secret-{number}-{turn}-end"
            redactor.register(Secret(secret))
            if redactor.redact(f"<{secret}>") != f"<{PLACEHOLDER}>":
                wrong.append(secret)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

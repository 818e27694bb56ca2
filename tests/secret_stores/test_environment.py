"""The store that is handed its values: what it takes, what it refuses, and that no child ever sees a variable."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from zotops.doors import RealPrograms
from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Handed
from zotops.redaction import PLACEHOLDER, Redactor
from zotops.secret_stores.environment import LARGEST, Environment, take
from zotops.world import Secret, SecretRef

KEY = "zak_0123456789abcdef0123456789abcdef"
TOKEN = "token-of-the-owner"
IN_FILE, IN_VARIABLE = SecretRef("shared", "zot-ci-api"), SecretRef("shared", "api-token")


def handed(file: Path | str = "", variable: str = "") -> list[Handed]:
    found = [Handed(ref=str(IN_FILE), file=str(file))] if file else []
    return found + ([Handed(ref=str(IN_VARIABLE), variable=variable)] if variable else [])


def store(*places: Handed, redactor: Redactor | None = None, **variables: str) -> Environment:
    return Environment(handed=places, taken=take(places, variables), redactor=redactor or Redactor(), key=b"k" * 32)


def in_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (KEY.encode(), KEY),
        (f"{KEY}\n".encode(), KEY),
        (f"{KEY}\r\n".encode(), KEY),
        (f"{KEY}\n\n".encode(), f"{KEY}\n"),
        (f" {KEY}\n".encode(), f" {KEY}"),
        (b"", ""),
        (b"\n", ""),
    ],
)
def test_of_a_file_one_line_end_is_dropped_and_nothing_else(tmp_path: Path, content: bytes, value: str) -> None:
    assert store(*handed(in_file(tmp_path, content))).read(IN_FILE) == Secret(value)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
def test_a_file_of_ours_or_of_our_group_is_read(tmp_path: Path, mode: int) -> None:
    assert store(*handed(in_file(tmp_path, KEY.encode(), mode))).read(IN_FILE) == Secret(KEY)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601])
def test_a_file_that_everybody_may_use_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    with pytest.raises(Unreachable, match=rf"used by everybody \(mode {mode:04o}\): .*chmod o= FILE.*defaultMode"):
        store(*handed(in_file(tmp_path, KEY.encode(), mode))).read(IN_FILE)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="is no file"):
        store(*handed(tmp_path)).read(IN_FILE)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(Unreachable, match="is no file"):
        store(*handed(pipe)).read(IN_FILE)
    with pytest.raises(Unreachable, match="cannot be read: No such file"):
        store(*handed(tmp_path / "none")).read(IN_FILE)


def test_a_link_is_followed_as_kubernetes_mounts_its_secrets(tmp_path: Path) -> None:
    in_file(tmp_path, KEY.encode())
    (tmp_path / "..data").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to("..data/key")
    assert store(*handed(tmp_path / "link")).read(IN_FILE) == Secret(KEY)


def test_what_cannot_be_a_secret_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="more than 65536 bytes"):
        store(*handed(in_file(tmp_path, b"x" * (LARGEST + 1)))).read(IN_FILE)
    with pytest.raises(Unreachable, match="no text") as caught:
        store(*handed(in_file(tmp_path, b"\xff" + KEY.encode()))).read(IN_FILE)
    assert KEY not in repr(caught.value.__cause__) + repr(caught.value)


def test_a_credential_of_systemd_is_found_by_its_name(tmp_path: Path) -> None:
    in_file(tmp_path, KEY.encode(), 0o400)
    assert store(*handed("key"), CREDENTIALS_DIRECTORY=str(tmp_path)).read(IN_FILE) == Secret(KEY)
    with pytest.raises(Unreachable, match="key is a credential of systemd, and CREDENTIALS_DIRECTORY is not set"):
        store(*handed("key")).read(IN_FILE)


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    found = store(*handed(in_file(tmp_path, b"first-of-two")))
    assert found.read(IN_FILE) == Secret("first-of-two")
    in_file(tmp_path, b"second-of-two")
    assert found.read(IN_FILE) == Secret("second-of-two")


def test_everything_that_is_read_is_known_to_the_redactor_before(tmp_path: Path) -> None:
    redactor = Redactor()
    found = store(*handed(in_file(tmp_path, b"value-of-the-file"), "TOKEN"), redactor=redactor, TOKEN=TOKEN)
    assert redactor.redact(f"it is {TOKEN}") == f"it is {PLACEHOLDER}", "although nobody has read it yet"
    found.read(IN_FILE)
    assert redactor.redact("it is value-of-the-file") == f"it is {PLACEHOLDER}"


def test_a_variable_is_taken_out_of_the_environment_and_can_be_read_again_from_memory() -> None:
    variables = {"TOKEN": f"{TOKEN}\n", "OTHER": "stays"}
    taken = take(handed(variable="TOKEN"), variables)
    assert variables == {"OTHER": "stays"}
    stores = [Environment(handed=handed(variable="TOKEN"), taken=taken, redactor=Redactor(), key=b"k") for _ in "12"]
    assert [each.read(IN_VARIABLE).reveal() for each in stores for _ in range(2)] == [TOKEN] * 4
    assert TOKEN not in repr(taken)


def test_no_child_is_given_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_TEST", TOKEN)
    take(handed(variable="TOKEN_OF_THE_TEST"))
    done = RealPrograms(Redactor()).run([sys.executable, "-c", "import os; print(sorted(os.environ))"])
    assert "TOKEN_OF_THE_TEST" not in done.out
    assert "PATH" in done.out


def test_a_variable_that_is_not_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="the variable TOKEN is not set"):
        store(*handed(in_file(tmp_path, b""), "TOKEN")).read(IN_VARIABLE)
    assert store(*handed(variable="TOKEN"), TOKEN="").read(IN_VARIABLE) == Secret("")


def test_with_both_the_variable_counts_where_it_is_set(tmp_path: Path) -> None:
    place = Handed(ref=str(IN_FILE), file=str(in_file(tmp_path, KEY.encode())), variable="KEY")
    assert store(place, KEY=TOKEN).read(IN_FILE) == Secret(TOKEN)
    assert store(place).read(IN_FILE) == Secret(KEY)
    assert list(store(place).fingerprints("shared")) == ["zot-ci-api"]


def test_what_nobody_hands_over_is_as_a_field_that_is_not_there() -> None:
    with pytest.raises(Unreachable, match="no such field: nothing hands over own/pending: name it under"):
        store().read(SecretRef("own", "pending"))


def test_nothing_can_be_written(tmp_path: Path) -> None:
    path = in_file(tmp_path, KEY.encode())
    with pytest.raises(ActionFailed, match="can only be read, so zot-ci-api of shared was not written"):
        store(*handed(path)).write("shared", {"zot-ci-api": Secret(TOKEN)})
    assert path.read_bytes() == KEY.encode()


def test_fingerprints_are_of_what_is_handed_over(tmp_path: Path) -> None:
    found = store(*handed(in_file(tmp_path, KEY.encode()), "TOKEN"), TOKEN=TOKEN)
    assert found.fingerprints("shared") == {
        "zot-ci-api": found.fingerprint(Secret(KEY)),
        "api-token": found.fingerprint(Secret(TOKEN)),
    }
    assert found.fingerprints("own") == {}

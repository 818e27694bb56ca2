"""Profile files: everything that is wrong with one is said at once, with file, key and remedy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from zotops import profile_file
from zotops.errors import ConfigurationIsWrong, UsageIsWrong
from zotops.model import Login
from zotops.profile import Profile, parse_ref
from zotops.profile_file import find_profile, read_profile, with_store
from zotops.world import SecretRef

ROOT = Path(__file__).parents[1]
EXAMPLE = (ROOT / "docs" / "example.toml").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "p.toml"


def problems(file: Path, text: str | bytes) -> list[str]:
    """What is said of a file with that content, a line each, without the file's name, which each must begin with."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationIsWrong) as wrong:
        read_profile(file)
    lines = str(wrong.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def with_line(old: str, new: str) -> str:
    """The example, with one line changed."""
    assert EXAMPLE.count(f"\n{old}\n") >= 1, old
    return EXAMPLE.replace(f"\n{old}\n", f"\n{new}\n", 1)


@pytest.mark.parametrize("path", sorted([*(ROOT / "profiles").glob("*.toml"), ROOT / "docs" / "example.toml"]))
def test_each_profile_of_this_repository_can_be_read(path: Path) -> None:
    assert read_profile(path).name == path.stem


def test_what_a_profile_says_is_read_and_what_it_leaves_out_has_its_default(file: Path) -> None:
    file.write_text(EXAMPLE)
    profile = read_profile(file)
    assert profile.registry.mirrors[0].prefix == "docker.io"
    assert profile.current_key == Login("zot-ci", SecretRef("forgejo-item-id", "zot-ci-api"))
    assert profile.pending_key == Login("zot-ci", SecretRef("own-item-id", "pending"))
    assert profile.provider_token == SecretRef("authentik-item-id", "api-token")
    assert profile.redirect_uri == "https://registry.example.org/zot/auth/callback/oidc"
    assert (profile.rotation.lifetime_days, profile.practice, profile.tiers.signed_in) == (90, False, ("read",))


def test_a_profile_is_the_same_after_it_went_through_a_journal(file: Path) -> None:
    file.write_text(EXAMPLE)
    profile = read_profile(file)
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(profile)), Profile) == profile


def test_a_reference_is_an_item_and_a_field() -> None:
    assert parse_ref("item/a field") == SecretRef("item", "a field")


LIST = "unknown key: known are"
BAD_LINES: dict[str, tuple[str, str, str]] = {
    "a missing text": (
        'namespace = "platform"',
        "",
        "registry.namespace: is missing: first part of the names of our own images, for example 'platform'",
    ),
    "a missing deeper key": (
        'configmap = "authentik-blueprints"',
        "",
        (
            "identity_provider.blueprint.configmap: is missing: ConfigMap that holds it, for example "
            "'authentik-blueprints'"
        ),
    ),
    "a key missing in a list": (
        'prefix = "docker.io"',
        "",
        "registry.mirrors[0].prefix: is missing: first part of the cached repositories' names, for example 'docker.io'",
    ),
    "a misspelt key": (
        'plist = "/Users/ops/Library/LaunchAgents/org.example.zot.plist"',
        'plist = "/p"\nservic = "x"',
        "server.servic: unknown key: did you mean service?",
    ),
    "a key from nowhere": (
        'name = "zot-ci"',
        'name = "zot-ci"\nqqq = 1',
        f"ci.qqq: {LIST} name, sign_in, password",
    ),
    "a number for a text": (
        'namespace = "platform"',
        "namespace = 3",
        (
            "registry.namespace = 3: should be a text, got a number: first part of the names of our own images, for "
            "example 'platform'"
        ),
    ),
    "a text for a list": (
        'anonymous = ["read"]',
        'anonymous = "read"',
        (
            "tiers.anonymous = 'read': should be a list, got a text, only read and create and update and "
            "delete: without credentials"
        ),
    ),
    "a right that does not exist": (
        'anonymous = ["read"]',
        'anonymous = ["read", "string"]',
        (
            "tiers.anonymous = ['read', 'string']: knows no 'string' ([1]), only read and create and update and "
            "delete: without credentials"
        ),
    ),
    "a word that is none of the choices": (
        'os = "darwin"',
        'os = "amiga"',
        "server.os = 'amiga': knows no 'amiga', only darwin and linux: its operating system",
    ),
    "a text for a table": (
        'ci = { group = "artifact-workloads", actions = ["read", "create"] }',
        'ci = "everybody"',
        "tiers.ci: is 'everybody', not a table: write it as [tiers.ci]",
    ),
    "another protocol": (
        'url = "https://registry.example.org"',
        'url = "ftp://registry.example.org"',
        (
            "registry.url = 'ftp://registry.example.org': has not the right form: address that people and CI use, "
            "without a trailing slash, for example 'https://registry.example.org'"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), BAD_LINES.values(), ids=BAD_LINES)
def test_each_wrong_line_is_said_with_key_and_remedy(file: Path, old: str, new: str, said: str) -> None:
    assert problems(file, with_line(old, new)) == [said]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "registry.example.org",
        "https://",
        "https://registry.example.org/",
        "https://registry.example.org/v2/",
        "https://user:word@registry.example.org",
        "https://registry.example.org:http",
        "https://registry.example.org:123456",
        "https://registry.example.org?x=1",
        "https://registry.example.org/#top",
        "https://registry example.org",
        "https://[::1",
        "HTTPS://registry.example.org",
    ],
)
def test_a_bad_address_is_refused(file: Path, url: str) -> None:
    [said] = problems(file, with_line('url = "https://registry.example.org"', f'url = "{url}"'))
    assert said.startswith(f"registry.url = {url!r}: has not the right form: ")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:5000", "https://registry.example.org/below", "https://[::1]:5000", "https://h:80/a/b"],
)
def test_a_good_address_is_taken(file: Path, url: str) -> None:
    file.write_text(with_line('url = "https://registry.example.org"', f'url = "{url}"'))
    assert read_profile(file).registry.url == url


def test_the_issuer_keeps_its_slash_because_it_counts(file: Path) -> None:
    file.write_text(EXAMPLE)
    assert read_profile(file).identity_provider.issuer.endswith("/")


def test_an_issuer_that_is_no_address_is_refused(file: Path) -> None:
    [said] = problems(file, with_line('issuer = "https://auth.example.org/application/o/zot/"', 'issuer = "zot"'))
    assert said.startswith("identity_provider.issuer = 'zot': has not the right form: issuer, byte for byte")


CONTRADICTIONS: dict[str, tuple[str, str, str]] = {
    "a password that is kept nowhere": (
        'name = "zot-ci"',
        'name = "zot-ci"\nsign_in = "password"',
        'ci.password: is missing: sign_in = "password" needs a place to keep it, item/field',
    ),
    "a key that is due after its last day": (
        "[auto]",
        "[rotation]\nlifetime_days = 30\ndue_day = 30\n[auto]",
        "rotation.due_day = 30: is not before the key's last day: make it smaller",
    ),
    "a warning before the rotation is due": (
        "[auto]",
        "[rotation]\nwarning_days = 31\n[auto]",
        (
            "rotation.warning_days = 31: would warn before the rotation is due, 30 days before the key's end: make it "
            "smaller, or due_day"
        ),
    ),
    "a critical threshold that comes before the warning": (
        "[auto]",
        "[rotation]\ncritical_days = 14\n[auto]",
        "rotation.critical_days = 14: is not below warning_days: make it smaller",
    ),
    "a value that is handed over in no way": (
        "[secrets]",
        "[[secrets.environment]]\nref = 'a/b'\n[secrets]",
        "secrets.environment[0]: a/b needs a file or a variable",
    ),
    "a value that is handed over twice": (
        "[secrets]",
        "[[secrets.environment]]\nref = 'a/b'\nfile = '/x'\n" * 2 + "[secrets]",
        "secrets.environment: a/b is handed over twice: keep one",
    ),
    "an environment that lacks the key": (
        "[secrets]",
        "[secrets]\nstore = 'environment'",
        (
            "secrets.environment: CI's key, forgejo-item-id/zot-ci-api, is missing: "
            'store = "environment" needs its file or variable'
        ),
    ),
    "CI that may change images": (
        'ci = { group = "artifact-workloads", actions = ["read", "create"] }',
        'ci = { group = "artifact-workloads", actions = ["update", "read", "delete"] }',
        "tiers.ci.actions: CI with delete, update can change images: give it read and create only",
    ),
    "a pattern that is none": (
        'container = "nettest"',
        "container = 'nettest'\nversion_pattern = 'VERSION=(\\S+'",
        (
            "build.version_pattern = 'VERSION=(\\\\S+': is no regular expression (missing ), unterminated subpattern "
            "at position 8): correct it"
        ),
    ),
    "a pattern that finds nothing": (
        'container = "nettest"',
        "container = 'nettest'\nversion_pattern = 'VERSION'",
        (
            "build.version_pattern = 'VERSION': has 0 groups: put the version, and nothing else, in one pair of "
            "parentheses"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions_are_said(file: Path, old: str, new: str, said: str) -> None:
    assert problems(file, with_line(old, new)) == [said]


HANDED = "[[secrets.environment]]\nref = 'forgejo-item-id/zot-ci-api'\nfile = '/run/secrets/key'\n[secrets]"


def test_another_store_that_the_profile_describes_can_be_chosen(file: Path) -> None:
    file.write_text(with_line("[secrets]", HANDED))
    profile = read_profile(file)
    assert with_store(profile, None) is profile
    chosen = with_store(profile, "environment").secrets
    assert (profile.secrets.store, chosen.store) == ("onepassword", "environment")
    assert chosen.environment == profile.secrets.environment
    with pytest.raises(UsageIsWrong, match="--store vault: one of onepassword, keyring, environment"):
        with_store(profile, "vault")


def test_a_store_that_the_profile_does_not_describe_cannot_be_chosen(file: Path) -> None:
    file.write_text(EXAMPLE)
    with pytest.raises(ConfigurationIsWrong, match=r"profile example: secrets\.environment: CI's key, .* is missing"):
        with_store(read_profile(file), "environment")


def test_a_text_for_a_list_of_tables_is_said_with_how_to_write_one(file: Path) -> None:
    text = re.sub(r"\[\[consumers\]\]\n(\w+ = .*\n)+", "", EXAMPLE).replace(
        "[registry]", 'consumers = "all"\n[registry]'
    )
    assert problems(file, text) == ["consumers = 'all': is no list of tables: write each as [[consumers]]"]


def test_a_forge_without_a_push_path_is_refused(file: Path) -> None:
    text = re.sub(r"\[\[forge\.workflows\]\]\n(\w+ = .*\n)+", "", EXAMPLE)
    text = text.replace('secret = "ZOT_CI_API_KEY"', 'secret = "ZOT_CI_API_KEY"\nworkflows = []')
    assert problems(file, text) == ["forge.workflows: is empty: name at least one push path"]


def test_everything_is_said_at_once_contradictions_too(file: Path) -> None:
    text = with_line('namespace = "platform"', "colour = 1\nhue = 2")
    text = text.replace('name = "zot-ci"', 'name = "zot-ci"\nsign_in = "password"')
    text = text.replace("[auto]", "[auto]\nsteps = 3\n[unheard-of]").replace('steps = ["deploy-blueprint"]', "")
    keys = [re.split(r"[ :]", said, maxsplit=1)[0] for said in problems(file, text)]
    assert keys == ["unheard-of", "registry.colour", "registry.hue", "registry.namespace", "auto.steps", "ci.password"]


def test_the_problems_stand_in_the_same_order_every_time(file: Path) -> None:
    file.write_text("".join(f"{letter * 3} = 1\n" for letter in "zyxwvutsrqponmlkjihg"))
    program = "import sys; from pathlib import Path; from zotops.profile_file import read_profile as r\n"
    program += "try: r(Path(sys.argv[1]))\nexcept Exception as e: print(e)"
    said = {
        subprocess.run(
            [sys.executable, "-c", program, str(file)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
        ).stdout
        for seed in "12"
    }
    assert len(said) == 1


def test_an_empty_file_lacks_every_table_and_says_what_each_is_for(file: Path) -> None:
    said = problems(file, "")
    assert "name: is missing: short name, for people, for example 'example'" in said
    assert "server: is missing: write [server]: The machine on which the registry runs, reached by ssh." in said
    assert len(said) == 12
    assert all(re.fullmatch(r"\w+: is missing: .+", line) for line in said)


def test_a_secret_that_was_put_in_the_place_of_its_reference_is_not_shown(file: Path) -> None:
    token = "zq0f-not-to-be-shown"
    said = problems(file, with_line('token = "forgejo-item-id/api-token"', f'token = "{token}"'))
    kept = "where an owner's token is kept: item/field, for example 'def456/api-token'"
    assert said == [f"forge.token = ...: has not the right form: {kept}"]
    refs = with_line('own_item = "own-item-id"', f'own_item = "own-item-id"\nunattended = ["a/b", "{token}"]')
    assert token not in str(problems(file, refs))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name = ", "is not TOML: "),
        (b"a = 1\na = 2", "is not TOML: "),
        (b"name = '\xff\xfe'", "is not TOML: 'utf-8' codec"),
        (b"\x00", "is not TOML: "),
        (b"PK\x03\x04\x14\x00", "is not TOML: "),
    ],
)
def test_what_is_no_toml_is_said_with_its_place(file: Path, content: bytes, said: str) -> None:
    [line] = problems(file, content)
    assert line.startswith(said)
    assert line.endswith(": correct that place")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationIsWrong, match=r"none\.toml: cannot be read \(No such file"):
        read_profile(tmp_path / "none.toml")


def test_a_folder_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationIsWrong, match=r"cannot be read \(Is a directory"):
        read_profile(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(file: Path) -> None:
    file.touch(mode=0o000)
    with pytest.raises(ConfigurationIsWrong, match="Permission denied"):
        read_profile(file)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of profiles, in the place of the repository's own."""
    monkeypatch.setattr(profile_file, "FOLDER", tmp_path)
    return tmp_path


def test_the_only_profile_is_meant_when_none_is_named(folder: Path) -> None:
    (folder / "one.toml").touch()
    assert find_profile(None) == folder / "one.toml"


def test_which_of_several_profiles_is_asked_with_the_list(folder: Path) -> None:
    (folder / "one.toml").touch()
    (folder / "two.toml").touch()
    with pytest.raises(ConfigurationIsWrong, match="There are: one, two: give --profile"):
        find_profile(None)


@pytest.mark.usefixtures("folder")
def test_a_folder_without_profiles_says_so() -> None:
    with pytest.raises(ConfigurationIsWrong, match="There are: none"):
        find_profile(None)


def test_a_profile_is_found_by_name_by_path_and_by_the_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "one.toml").touch()
    (folder / "two.toml").touch()
    assert find_profile("one") == folder / "one.toml"
    assert find_profile("some/file.toml") == Path("some/file.toml")
    monkeypatch.setenv("ZOTOPS_PROFILE", "two")
    assert find_profile(None) == folder / "two.toml"
    assert find_profile("one") == folder / "one.toml"


def test_a_wrong_profile_ends_the_command_with_78_before_anything_starts(file: Path, tmp_path: Path) -> None:
    file.write_text(with_line('namespace = "platform"', "namespace = 3"))
    state = tmp_path / "state"
    program = [sys.executable, "-m", "invoke", "--search-root", str(ROOT), "deploy", "--profile", str(file)]
    ended = subprocess.run(
        program,
        cwd=tmp_path,
        env={**os.environ, "ZOTOPS_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 78
    assert f"{file}: registry.namespace = 3: should be a text" in ended.stderr
    assert ended.stdout == ""
    assert not state.exists()

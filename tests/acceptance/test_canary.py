"""A whole run whose secrets are all known: none of them shows anywhere, in any form."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.finished import Finished
from zotops.secret_forms import forms_of

SHORTEST = 8
# Where the world itself keeps its secrets on purpose: argocd's sign-in.
THEIR_OWN = ("home/.config/argocd/config",)


@pytest.fixture(scope="module")
def canaries(finished: Finished) -> dict[str, str]:
    """Return form to what it is a form of: every secret of the run, in every form."""
    users = {"", "zot-ci", *(user for user, _ in finished.secrets)}
    return {
        form: f"secret {number} for {user or 'nobody'}, {kind}"
        for number, (_, value) in enumerate(finished.secrets)
        for user in users
        for form, kind in forms_of(value, user).items()
        if len(form) >= SHORTEST
    }


def shown(canaries: dict[str, str], text: str) -> list[str]:
    return [what for form, what in canaries.items() if form in text]


def files(finished: Finished, *folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((finished.place / folder).rglob("*")):
            if path.is_file() and str(path.relative_to(finished.place)) not in THEIR_OWN:
                yield path


def test_the_run_met_every_kind_of_secret(finished: Finished) -> None:
    made = [value for user, value in finished.secrets if value.startswith("zak_")]
    assert len(made) == 1
    assert finished.done("deploy").code == 0
    # Those that the world was made with, the recovery key, the cookies of two servers, codes and tokens.
    kinds = {len(value) for _, value in finished.secrets}
    assert {60, 32, 52} <= kinds, "no recovery key, or no cookie of the provider or the registry, was seen alive"


def test_a_planted_secret_would_be_found(canaries: dict[str, str], finished: Finished) -> None:
    for user, value in finished.secrets:
        for text in (f"{value}\n", b64encode(f"..{user}:{value}..".encode()).decode(), value.encode().hex()):
            assert shown(canaries, f"before {text} after")


def test_no_secret_is_in_the_journal_or_in_anything_else_of_the_state_folder(
    canaries: dict[str, str], finished: Finished
) -> None:
    seen = {path.name: shown(canaries, path.read_bytes().decode("latin-1")) for path in files(finished, "state")}
    assert len(seen) == 3  # the journal, the lock and the key of the fingerprints
    assert not any(seen.values()), seen


@pytest.mark.parametrize("name", ["deploy", "markdown", "json", "runs", "doctor"])
def test_no_secret_is_in_what_a_command_printed(canaries: dict[str, str], finished: Finished, name: str) -> None:
    done = finished.done(name)
    assert done.out
    assert shown(canaries, done.out) + shown(canaries, done.err) == []


def test_no_secret_is_in_the_junit_file(canaries: dict[str, str], finished: Finished) -> None:
    text = (finished.place / "junit.xml").read_text()
    assert "create-ci-key" in text
    assert shown(canaries, text) == []


def test_no_secret_is_on_a_command_line_or_in_the_environment_of_a_child(
    canaries: dict[str, str], finished: Finished
) -> None:
    calls = finished.calls()
    assert {call["program"] for call in calls} >= {
        *("ansible-playbook", "argocd", "git", "kubectl", "launchctl", "mise", "op", "ssh")
    }
    leaks = [
        (call["program"], what)
        for call in calls
        for what in shown(canaries, "\n".join([*call["argv"], *call["env"], *call["env"].values()]))
    ]
    assert leaks == []


def test_no_child_reads_from_a_terminal(finished: Finished) -> None:
    assert {call["stdin"] for call in finished.calls()} <= {"null", "fifo", "closed", "socket"}


def test_nothing_is_left_in_a_temporary_folder(finished: Finished) -> None:
    assert [str(path) for path in files(finished, "tmp", "world-tmp", "operators-home")] == []


def test_no_secret_is_left_in_the_home_of_the_children(canaries: dict[str, str], finished: Finished) -> None:
    seen = {str(path): shown(canaries, path.read_bytes().decode("latin-1")) for path in files(finished, "home")}
    assert not any(seen.values()), seen

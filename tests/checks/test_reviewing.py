"""What a dry run would leave: judged from the file that is there and a diff of a few lines."""

import copy
import difflib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.actions.deploying import FAILED as BROKEN
from tests.actions.deploying import RECAP, TASKS, WELL, Deploying, deploying
from tests.checks.test_configuration_rules import access, hardened
from zotops.checks.configuration import (
    CONFIG_DIFFERS,
    CREDENTIALS_IN_DIFF,
    CredentialsAreHidden,
    ReviewedConfiguration,
)
from zotops.looking import made
from zotops.model import Evidence, Verdict
from zotops.systems.candidate import REVIEWED_CONFIG, digest_of

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
Config = dict[str, Any]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deploying]:
    with deploying(tmp_path) as found:
        yield found


def seen(place: Deploying) -> Evidence:
    return made(ReviewedConfiguration(profile=place.at.profile), place.at.world, {})


def text_of(config: Config) -> str:
    return json.dumps(config, indent=1) + "\n"


def diff(place: Deploying, before: str | None, after: str) -> str:
    """As Ansible prints it; a new file has no name before."""
    there = before is not None
    lines = difflib.unified_diff((before or "").splitlines(), after.splitlines(), n=3, lineterm="")
    hunks = "\n".join(list(lines)[2:])
    head = f"--- before: {place.at.config}" if there else "--- before"
    return f"{head}\n+++ after: /tmp/x/config.json.j2\n{hunks}\n\n"


def changed(place: Deploying, change: Callable[[Config], Any]) -> tuple[str, str]:
    """The configuration that the profile wants, and one with a change."""
    right = hardened(place.at.profile)
    other = copy.deepcopy(right)
    change(other)
    return text_of(right), text_of(other)


def no_rules(config: Config) -> None:
    del config["http"]["auth"], config["http"]["accessControl"], config["http"]["externalUrl"]


def test_a_file_that_is_right_already_is_fine(place: Deploying) -> None:
    text = text_of(hardened(place.at.profile))
    place.at.config.write_text(text)
    evidence = seen(place)
    assert (evidence.verdict, evidence.observed) == (PASSED, "it has them, and is the present one")
    assert evidence.facts == {CONFIG_DIFFERS: "no", CREDENTIALS_IN_DIFF: "no", REVIEWED_CONFIG: digest_of(text)}


@pytest.mark.parametrize("there", [True, False])
def test_an_open_file_or_none_becomes_the_right_one(place: Deploying, there: bool) -> None:
    right, opened = changed(place, no_rules)
    if there:
        place.at.config.write_text(opened)
    else:
        place.at.config.unlink()
    place.dry_run(diff(place, opened if there else None, right) + WELL)
    evidence = seen(place)
    assert (evidence.verdict, evidence.observed) == (
        PASSED,
        "it has them, and differs from the present one as it should",
    )
    assert evidence.facts[CONFIG_DIFFERS] == "yes"
    assert evidence.facts[REVIEWED_CONFIG] == digest_of(right)


def test_a_result_that_gives_too_much_is_named_and_not_kept_as_reviewed(place: Deploying) -> None:
    _, wrong = changed(place, lambda c: access(c)["repositories"]["**"]["anonymousPolicy"].append("create"))
    place.at.config.write_text(wrong)
    evidence = seen(place)
    assert (evidence.verdict, evidence.observed) == (FAILED, "**: anybody may create")
    assert evidence.facts == {CONFIG_DIFFERS: "no", CREDENTIALS_IN_DIFF: "no"}


def test_what_changes_beside_the_four_parts_is_named(place: Deploying) -> None:
    right, before = changed(place, lambda c: c["storage"].update(rootDirectory="/elsewhere"))
    place.at.config.write_text(before)
    place.dry_run(diff(place, before, right) + WELL)
    evidence = seen(place)
    assert (evidence.verdict, evidence.observed) == (FAILED, "it also changes storage.rootDirectory")


def test_nobody_wants_a_broken_file_back(place: Deploying) -> None:
    right = text_of(hardened(place.at.profile))
    place.at.config.write_text("{ broken\n")
    place.dry_run(diff(place, "{ broken\n", right) + WELL)
    assert seen(place).verdict is PASSED


def test_a_result_that_is_no_json_is_red(place: Deploying) -> None:
    place.at.config.write_text("{ broken\n")
    evidence = seen(place)
    assert (evidence.verdict, "not the JSON that the registry needs" in evidence.observed) == (FAILED, True)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("PATH", "yes"), ("/tmp/x/credentials.json.j2", "yes"), ("/srv/other.json", "no"), ("/srv/other.json.j2", "no")],  # noqa: S108 - compared
)
def test_a_diff_of_the_credentials_is_noticed_by_its_file_or_template(place: Deploying, name: str, shown: str) -> None:
    name = name.replace("PATH", place.at.profile.server.credentials)
    place.dry_run(f"--- before\n+++ after: {name}\n@@ -0,0 +1 @@\n+very secret\n\n" + WELL)
    evidence = seen(place)
    assert evidence.facts[CREDENTIALS_IN_DIFF] == shown
    assert "very secret" not in repr(evidence)


@pytest.mark.parametrize(
    ("printed", "verdict", "observed"),
    [
        (BROKEN, FAILED, "the dry run did not come to its end: task 'zot : Deploy zot config' failed"),
        (RECAP, FAILED, "the dry run did not come to its end: it did not come to the task"),
        (TASKS, FAILED, "no host in its recap"),
        (TASKS + RECAP.replace("unreachable=0", "unreachable=1"), UNKNOWN, "unreachable=1"),
    ],
)
def test_a_dry_run_that_fails_is_red_and_an_unreachable_host_unknown(
    place: Deploying, printed: str, verdict: Verdict, observed: str
) -> None:
    place.at.config.write_text(text_of(hardened(place.at.profile)))
    place.dry_run(printed)
    evidence = seen(place)
    assert evidence.verdict is verdict
    assert observed in evidence.observed
    assert evidence.facts == {}
    assert ("ssh practice-host" in evidence.remedy) is (verdict is UNKNOWN)


@pytest.mark.parametrize(
    ("shown", "verdict", "observed"),
    [
        ("yes", FAILED, "it was there; zotops dropped it unseen"),
        ("no", PASSED, "none, this time"),
        (None, FAILED, "not yet: <credentials-in-diff> is not known"),
    ],
)
def test_a_secret_that_was_shown_is_told_later(
    place: Deploying, shown: str | None, verdict: Verdict, observed: str
) -> None:
    facts = {CREDENTIALS_IN_DIFF: shown} if shown else {}
    evidence = made(CredentialsAreHidden(profile=place.at.profile), place.at.world, facts)
    assert (evidence.verdict, evidence.observed) == (verdict, observed)

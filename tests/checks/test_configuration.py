"""The review: a real dry run of a real play, against the practice world's own host."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.platform.places import look, mended, quirk
from tests.platform.stand_ins import with_programs
from tests.systems.outside import Place, practice
from zotops.checks.configuration import (
    CONFIG_DIFFERS,
    CREDENTIALS_IN_DIFF,
    CredentialsAreHidden,
    ReviewedConfiguration,
)
from zotops.lab.provisioning.zot_config import hardened_config
from zotops.looking import made
from zotops.model import Evidence, Verdict
from zotops.systems.candidate import REVIEWED_CONFIG, digest_of

RECAP = "host : ok=3 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0"
TASKS = "".join(
    f"TASK [{name}] ***\nok: [host]\n" for name in ("zot : Deploy zot config", "zot : Deploy zot OIDC credentials")
)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("review") / "world", "open") as running:
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    with mended(started):
        yield started


def test_an_open_registry_would_be_hardened_and_no_secret_is_seen(place: Place) -> None:
    evidence = look(place, ReviewedConfiguration(profile=place.profile))
    assert (evidence.verdict, evidence.facts[CONFIG_DIFFERS]) == (Verdict.PASSED, "yes")
    assert evidence.facts[CREDENTIALS_IN_DIFF] == "yes"
    secret = place.state.read("vault")["items"]["authentikitemid00000000000"]
    assert all(str(each.get("value")) not in repr(evidence) for each in secret["fields"] if each.get("value"))


def test_a_role_that_lets_anybody_write_is_red_before_it_is_deployed(place: Place) -> None:
    defaults = place.lab.root / "checkout/ansible/roles/zot/defaults/main.yml"
    text = defaults.read_text()
    defaults.write_text(text.replace('zot_anonymous_actions: ["read"]', 'zot_anonymous_actions: ["read", "create"]'))
    try:
        evidence = look(place, ReviewedConfiguration(profile=place.profile))
    finally:
        defaults.write_text(text)
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "**: anybody may create")
    assert REVIEWED_CONFIG not in evidence.facts


def test_a_host_that_is_off_is_unknown(place: Place) -> None:
    quirk(place, "ssh", unreachable=True)
    assert look(place, ReviewedConfiguration(profile=place.profile)).verdict is Verdict.UNKNOWN


def reviewed(folder: Path, *, present: str | None, printed: str, code: int = 0) -> Evidence:
    """A review with a host and a play of a few lines."""
    (folder / "printed").write_text(printed)
    profile, world = with_programs(folder, mise=f"cat {folder}/printed; exit {code}", ssh='shift 5; eval "$*"')
    config = folder / "config.json"
    if present is not None:
        config.write_text(present)
    server = msgspec.structs.replace(profile.server, config=str(config), credentials="/srv/oidc-credentials.json")
    return made(ReviewedConfiguration(profile=msgspec.structs.replace(profile, server=server)), world, {})


def as_profile_wants(folder: Path, place: Place) -> str:
    """The practice world's configuration, for the profile that `reviewed` uses."""
    config = json.loads(hardened_config(place.lab.world))
    profile, _ = with_programs(folder)
    config["http"]["externalUrl"] = profile.registry.url
    oidc = config["http"]["auth"]["openid"]["providers"]["oidc"]
    oidc |= {"issuer": profile.identity_provider.issuer, "credentialsFile": "/srv/oidc-credentials.json"}
    return json.dumps(config, indent=1) + "\n"


def test_no_difference_to_a_hardened_file_is_fine(place: Place, tmp_path: Path) -> None:
    text = as_profile_wants(tmp_path, place)
    evidence = reviewed(tmp_path, present=text, printed=TASKS + RECAP)
    assert (evidence.verdict, evidence.facts[CONFIG_DIFFERS]) == (Verdict.PASSED, "no"), evidence
    assert evidence.facts[REVIEWED_CONFIG] == digest_of(text)
    assert evidence.facts[CREDENTIALS_IN_DIFF] == "no"


def test_no_difference_to_an_open_file_is_red(tmp_path: Path) -> None:
    evidence = reviewed(tmp_path, present='{"http": {}}', printed=TASKS + RECAP)
    assert (evidence.verdict, "http.accessControl is missing" in evidence.observed) == (Verdict.FAILED, True)


def test_a_file_that_is_new_is_judged_whole(place: Place, tmp_path: Path) -> None:
    lines = as_profile_wants(tmp_path, place).splitlines()
    added = "\n".join(f"+{line}" for line in lines)
    diff = f"--- before\n+++ after: /tmp/x/config.json.j2\n@@ -0,0 +1,{len(lines)} @@\n{added}\n\n"
    evidence = reviewed(tmp_path, present=None, printed=diff + TASKS + RECAP)
    assert (evidence.verdict, evidence.facts[CONFIG_DIFFERS]) == (Verdict.PASSED, "yes"), evidence


def test_a_change_elsewhere_is_named(place: Place, tmp_path: Path) -> None:
    text = as_profile_wants(tmp_path, place)
    before = text.replace('"level": "info"', '"level": "debug"')
    number = before.splitlines().index('  "level": "debug"') + 1
    diff = (
        f"--- before: {tmp_path}/config.json\n+++ after: /tmp/x/config.json.j2\n"
        f'@@ -{number} +{number} @@\n-  "level": "debug"\n+  "level": "info"\n\n'
    )
    evidence = reviewed(tmp_path, present=before, printed=diff + TASKS + RECAP)
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "it also changes log.level")


def test_a_diff_that_does_not_fit_is_unknown(tmp_path: Path) -> None:
    diff = f"--- before: {tmp_path}/config.json\n+++ after: x\n@@ -7 +7 @@\n-a\n+b\n\n"
    evidence = reviewed(tmp_path, present="{}\n", printed=diff + TASKS + RECAP)
    assert (evidence.verdict, "does not fit" in evidence.observed) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize(
    ("printed", "code", "observed"),
    [
        (f"TASK [Gathering Facts] ***\nok: [host]\n{RECAP}", 0, "did not come to the task 'zot : Deploy zot config'"),
        (
            f"{TASKS}[ERROR]: Task failed: non-zero return code\n{RECAP.replace('failed=0', 'failed=1')}",
            2,
            "Task failed",
        ),
        ("mise ERROR no task provision-indri found", 1, "it ended with 1"),
    ],
)
def test_a_dry_run_that_does_not_run_through_is_red(tmp_path: Path, printed: str, code: int, observed: str) -> None:
    evidence = reviewed(tmp_path, present="{}", printed=printed, code=code)
    assert (evidence.verdict, observed in evidence.observed) == (Verdict.FAILED, True), evidence


def test_a_host_that_ansible_cannot_reach_is_unknown(tmp_path: Path) -> None:
    evidence = reviewed(tmp_path, present="{}", printed=RECAP.replace("unreachable=0", "unreachable=1"), code=4)
    assert evidence.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("shown", "verdict"), [("yes", Verdict.FAILED), ("no", Verdict.PASSED), (None, Verdict.FAILED)]
)
def test_a_shown_secret_is_a_finding(place: Place, shown: str | None, verdict: Verdict) -> None:
    check = CredentialsAreHidden(profile=place.profile)
    evidence = look(place, check, {CREDENTIALS_IN_DIFF: shown} if shown else {})
    assert check.advisory
    assert evidence.verdict is verdict
    assert ("no_log" in evidence.remedy) == (shown == "yes")

"""Each schedule's very command, started as its scheduler starts it: green, red, and when it cannot look at all."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.schedules.installed import FOR_ISSUES, JOBS, Machine, machine

# Each starts whole worlds; all of them with `./inv test --all`.
pytestmark = pytest.mark.costly("schedules")


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("machine")) as found:
        yield found


@pytest.fixture
def here(laid: Machine) -> Iterator[Machine]:
    text = laid.profile.read_text()
    yield laid
    laid.profile.write_text(text)
    for each in [*laid.metrics.iterdir(), *laid.state.rglob("*.json")]:
        each.unlink()
    with laid.world.state.edit("forge") as document:
        document.pop("issues", None)


def warn_early(here: Machine) -> None:
    """A threshold that a fresh key of 90 days has passed."""
    text = here.profile.read_text()
    rotation = "[rotation]\nwarning_days = 95\ncritical_days = 1\n"
    here.profile.write_text(
        text.replace("[rotation]\n", rotation)
        .replace("lifetime_days = 90", "lifetime_days = 100")
        .replace("due_day = 60", "due_day = 5")
    )


@pytest.mark.parametrize("kind", JOBS)
def test_a_registry_that_is_well_ends_with_0_and_unlocks_nothing(here: Machine, kind: str) -> None:
    before = len(here.world.calls("op"))
    done = here.start(kind)
    assert done.code == 0, done.out + done.err
    assert "the registry takes the vault's key for zot-ci: 200" in done.out
    assert (here.issues(), len(here.world.calls("op"))) == ([], before)
    said = done.out + done.err
    assert here.key[4:] not in said
    assert FOR_ISSUES not in said


@pytest.mark.parametrize("kind", JOBS)
def test_a_threshold_that_is_passed_ends_with_1_and_opens_one_issue_where_that_is_asked_for(
    here: Machine, kind: str
) -> None:
    warn_early(here)
    codes = [here.start(kind).code for _ in range(2)]
    assert codes == [1, 1]
    opens = "--issue" in " ".join(JOBS[kind]().words)
    assert len(here.issues()) == (1 if opens else 0)
    assert opens is (kind in {"forgejo", "kubernetes"})


@pytest.mark.parametrize("kind", JOBS)
def test_a_key_that_was_not_handed_over_is_never_green_and_no_success(here: Machine, kind: str) -> None:
    done = here.start(kind, without_key=True)
    assert done.code in {1, 5}, done.out + done.err
    kept = [json.loads(path.read_text()) for path in here.state.rglob("key-looks/*.json")]
    assert [each["seen_at"] for each in kept] == [""]


def test_metrics_are_left_for_the_collector_and_nothing_half_written(here: Machine) -> None:
    here.start("systemd")
    assert sorted(path.name for path in here.metrics.iterdir()) == ["zotops_key.prom", "zotops_verify.prom"]
    text = (here.metrics / "zotops_key.prom").read_text()
    assert re.search(r'^zotops_key_success_timestamp_seconds{profile="practice"} \d', text, re.MULTILINE)
    assert "zotops_verify_timestamp_seconds" in (here.metrics / "zotops_verify.prom").read_text()


def test_access_that_is_not_as_it_should_be_ends_with_1_though_the_key_is_well(here: Machine) -> None:
    text = here.profile.read_text()
    here.profile.write_text(text.replace('anonymous = ["read"]', "anonymous = []"))
    done = here.start("systemd")
    assert done.code == 1
    assert re.search(r"name +access\.nobody", done.out), done.out


def test_a_schedule_that_has_stopped_shows_by_the_age_of_its_last_success(here: Machine) -> None:
    assert here.start("systemd").code == 0
    words = ("--profile", str(here.profile), "--offline", "--json")
    fresh = here.world.call("key-status", *words, own=False, ZOTOPS_STATE=str(here.state))
    assert fresh.code == 0, fresh.out
    [path] = here.state.rglob("key-looks/*.json")
    old = {**json.loads(path.read_text()), "told_at": (datetime.now(UTC) - timedelta(hours=40)).isoformat()}
    path.write_text(json.dumps(old))
    stale = here.world.call("key-status", *words, own=False, ZOTOPS_STATE=str(here.state))
    levels = {point["name"]: point["level"] for point in stale.document["points"]}
    assert (stale.code, levels["look"]) == (1, "warning")


def test_the_script_needs_no_working_directory_and_ends_when_zotops_is_not_beside_it(
    here: Machine, tmp_path: Path
) -> None:
    lost = tmp_path / "schedules"
    lost.mkdir()
    (lost / "watch").write_bytes((here.folder / "zotops" / "schedules" / "watch").read_bytes())
    (lost / "watch").chmod(0o755)
    assert subprocess.run([lost / "watch"], cwd="/", capture_output=True, check=False).returncode == 127

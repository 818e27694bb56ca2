"""A rotation from its first step to its last: after a deployment, alone, leaked, expired, undone."""

import subprocess
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.desk import INVOKE
from tests.rotation.place import LONGEST, Place, expire, is_well, place_in
from zotops.lab import vault
from zotops.lab.faults.traps import make_key
from zotops.lab.rotating import ask, end_current, listed
from zotops.lab.state import State
from zotops.lab.world import find_zot

DONE, FAILED = 0, 1
OK, REFUSED = 200, 401
SECONDS = 4

pytestmark = pytest.mark.timeout(2 * LONGEST)


def rehearsed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*INVOKE, "rehearse", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


@pytest.mark.costly("rotations")
def test_a_rehearsal_deploys_and_then_rotates_and_reports_both(tmp_path: Path) -> None:
    done = rehearsed(tmp_path)
    assert done.returncode == DONE, done.stdout[-3000:] + done.stderr
    report = (tmp_path / "rehearsal" / "report.md").read_text()
    assert "# Harden the registry" in report
    assert "# Rotate the CI key" in report
    assert "old 401, new 200, old 401" in report
    assert sorted(path.name for path in (tmp_path / "rehearsal").iterdir()) == [
        "journal-rotate-key.jsonl",
        "journal.jsonl",
        "report.md",
    ]


@pytest.mark.costly("rotations")
@pytest.mark.skipif(find_zot() is None, reason="no real zot: neither on PATH nor named by ZOTOPS_ZOT")
@pytest.mark.parametrize("name", ["rotate-key", "rotate-leaked-key"])
def test_a_real_zot_lets_its_key_be_rotated(tmp_path: Path, name: str) -> None:
    done = rehearsed(tmp_path, "--runbook", name)
    assert done.returncode == DONE, done.stdout[-3000:] + done.stderr
    assert "The registry is a real zot" in done.stdout
    assert "old 401, new 200, old 401" in done.stdout


@pytest.mark.costly("rotations")
@pytest.mark.parametrize("zot", [None, find_zot()], ids=["stand-in", "real"])
def test_a_key_with_seconds_to_live_expires_and_is_followed_by_another(
    tmp_path: Path, zot: Path | None, request: pytest.FixtureRequest
) -> None:
    if zot is None and "real" in request.node.callspec.id:
        pytest.skip("no real zot: neither on PATH nor named by ZOTOPS_ZOT")
    with place_in(tmp_path / "here", zot=zot) as place:
        world, state = place.stores.world, State(place.root / "state")
        expires = datetime.now(UTC) + timedelta(seconds=SECONDS)
        short = make_key(place.root, label="short", expires=expires.strftime("%Y-%m-%dT%H:%M:%SZ"))
        end_current(place.root)
        place.note("expires", expires.replace(microsecond=0).isoformat())
        with state.edit("vault") as document:
            vault.set_value(document, world["names"]["shared_item"], world["names"]["field"], short)
        assert ask(world, short, "/v2/")[0] == OK
        time.sleep(SECONDS)
        assert ask(world, short, "/v2/")[0] == REFUSED
        assert place.here() == DONE, place.said
        assert "401: expired on" in place.journal()
        (left,) = listed(world, place.stores.held()["current"])
        assert left["label"].startswith("zotops/")
        assert ask(world, short, "/v2/")[0] == REFUSED


@pytest.mark.costly("rotations")
def test_a_leaked_key_is_ended_before_anything_else(place: Place) -> None:
    assert place.here(name="rotate-leaked-key") == DONE, place.said
    assert is_well(place) == []
    done, intended = ({r["step"]: r["n"] for r in place.records(f"action-{what}")} for what in ("done", "intended"))
    assert done["end-others"] < intended["promote"]


@pytest.mark.costly("rotations")
def test_by_hand_every_key_but_the_new_one_is_ended_and_the_days_are_noted(place: Place) -> None:
    (old,) = place.stores.keys().values()
    assert place.here(name="rotate-leaked-key", by_hand=["end-others", "promote", "arm"]) == DONE, place.said
    assert is_well(place) == []
    assert not place.stores.works(place.old)
    (new,) = place.stores.keys().values()
    noted = place.stores.noted
    assert datetime.fromisoformat(noted("expires")) == datetime.fromisoformat(str(new["expiration_date"]))
    assert date.fromisoformat(noted("due")) == datetime.fromisoformat(noted("expires")).date() - timedelta(days=30)
    assert str(old["uuid"]) in noted("revoked").split(",")


@pytest.mark.costly("rotations")
def test_a_key_that_has_expired_is_followed_by_one_that_a_sign_in_makes(place: Place) -> None:
    place.note("expires", expire(place))
    assert not place.stores.works(place.old)
    assert place.here() == DONE, place.said
    assert is_well(place) == []
    assert "401: expired on" in place.journal()


@pytest.mark.costly("rotations")
def test_a_key_that_was_deleted_is_followed_by_one_that_a_sign_in_makes(place: Place) -> None:
    end_current(place.root)
    assert place.here() == DONE, place.said
    assert is_well(place) == []
    assert "refused although its time is not over" in place.journal()

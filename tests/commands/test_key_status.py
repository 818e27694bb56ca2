"""`invoke key-status` as it is typed, in a practice world: what it says, and that it stays silent about the key."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.commands.verifying import KINDS, hardened
from tests.commands.watched_place import Place
from tests.systems.outside import nobody_listens

# Each starts whole worlds; all of them with `./inv test --all`.
pytestmark = pytest.mark.costly("key-status")

FOR_ISSUES = "a-token-that-opens-issues"


@pytest.fixture(scope="module", params=KINDS)
def laid(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with hardened(tmp_path_factory.mktemp("world"), request.param) as world:
        yield Place(world)


@pytest.fixture
def place(laid: Place) -> Iterator[Place]:
    yield laid
    laid.undo()


def test_after_a_deployment_all_is_well_and_what_cannot_be_told_is_said(place: Place) -> None:
    document, levels = place.told()
    assert set(levels.values()) == {"ok"}
    assert (document["exit"], document["level"], document["key"]["state"]) == (0, "ok", "works")
    assert document["clock"] == "registry"
    assert document["key"]["last_used_by_this_look"]
    assert 89 < document["key"]["days_left"] <= 90
    said = " ".join(document["not_checked"])
    assert "when CI used this key last" in said
    assert "whether the forge's ZOT_CI_API_KEY is this key" in said
    assert "whether a revoked key is back" in said


def test_the_text_fits_eighty_columns_and_needs_no_colour(place: Place) -> None:
    done = place.lab.call("key-status", TERM="dumb", PYTHONIOENCODING="ascii")
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    assert done.out.isascii()
    assert "\x1b" not in done.out
    assert re.search(r'key +\.\.[0-9a-f]{4} "zotops/0000/\d"', done.out)
    assert "by this look: listing with the key moves it" in done.out


@pytest.mark.parametrize(
    ("days", "level", "code", "monitored"), [(40, "ok", 0, 0), (10, "warning", 1, 1), (3, "critical", 1, 2)]
)
def test_days_left_against_the_thresholds(place: Place, days: int, level: str, code: int, monitored: int) -> None:
    made = place.renew(days=days)
    place.store("expires", made["expirationDate"])
    document, levels = place.told()
    assert (levels["days"], document["level"], document["exit"]) == (level, level, code)
    done = place.look("--nagios")
    assert (done.code, len(done.out.splitlines())) == (monitored, 1)
    assert done.out.startswith(f"{level.upper()}: practice: ")
    assert "days_left=" in done.out


def test_a_refused_key_of_which_nothing_is_known_is_critical_and_no_cause_is_made_up(place: Place) -> None:
    spare, gone = place.mint("spare", days=90)["apiKey"], place.current_id()
    place.key = spare
    place.ask("DELETE", query=f"?id={gone}")
    document, levels = place.told()
    assert (document["key"]["state"], levels["key"], document["exit"]) == ("refused", "critical", 1)
    place.store("current-id", gone)
    place.store("revoked", f"{place.current_id()},{gone}")
    assert place.told()[0]["key"]["state"] == "revoked"


def test_another_key_in_the_place_of_the_one_that_is_known_is_a_wrong_pair(place: Place) -> None:
    place.told()
    place.store_key(f"zak_{'0' * 32}")
    document, levels = place.told()
    assert (document["key"]["state"], levels["key"]) == ("wrong pair", "critical")


def test_a_key_that_worked_here_and_was_ended_is_called_revoked(place: Place) -> None:
    assert place.told()[0]["key"]["state"] == "works"
    spare, gone = place.mint("spare", days=90)["apiKey"], place.current_id()
    place.key = spare
    place.ask("DELETE", query=f"?id={gone}")
    document, levels = place.told()
    assert (document["key"]["state"], levels["key"]) == ("revoked", "critical")
    assert levels["strays"] == "unknown"


def test_a_key_that_has_expired_says_so(place: Place) -> None:
    made = place.renew(seconds=10)
    place.key = place.mint("spare", days=90)["apiKey"]
    assert place.told()[0]["key"]["state"] == "works"
    time.sleep(max(0.0, (datetime.fromisoformat(made["expirationDate"]) - datetime.now(UTC)).total_seconds()) + 1)
    document, levels = place.told()
    assert (document["key"]["state"], levels["key"], levels["days"]) == ("expired", "critical", "critical")
    assert document["key"]["days_left"] < 0


def test_a_stray_and_a_revoked_key_that_is_back_are_told(place: Place) -> None:
    stray = place.mint("by-hand", days=30)
    document, levels = place.told()
    assert (levels["strays"], levels.get("revoked")) == ("warning", None)
    assert [(other["id"], other["why"]) for other in document["others"]] == [(stray["uuid"], "stray")]
    place.store("revoked", stray["uuid"])
    document, levels = place.told()
    assert (levels["strays"], levels["revoked"], document["level"]) == ("ok", "critical", "critical")


def elsewhere(place: Place, folder: Path) -> str:
    """A profile that leads to a registry at which nobody listens."""
    text = (place.lab.root / "profile.toml").read_text()
    path = folder / "elsewhere.toml"
    path.write_text(text.replace(place.lab.profile.registry.url, nobody_listens()))
    return str(path)


def test_a_registry_that_is_down_is_unknown_everywhere_and_never_green(place: Place, tmp_path: Path) -> None:
    profile = elsewhere(place, tmp_path)
    document, levels = place.told(profile=profile)
    assert (document["key"]["state"], levels["key"], document["exit"]) == ("registry down", "unknown", 5)
    done = place.look("--nagios", profile=profile)
    assert (done.code, done.out[:8]) == (3, "UNKNOWN:")


def test_a_profile_that_is_wrong_is_unknown_to_a_monitoring_program(place: Place, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("name = 1\n")
    assert place.look(profile=str(wrong)).code == 78
    done = place.look("--nagios", profile=str(wrong))
    assert (done.code, done.out[:8], len(done.out.splitlines())) == (3, "UNKNOWN:", 1)


def test_two_forms_at_once_are_refused(place: Place) -> None:
    done = place.look("--json", "--nagios")
    assert (done.code, done.out.startswith("UNKNOWN: --json with --nagios")) == (3, True)


def test_offline_knows_what_the_last_look_left_and_unlocks_nothing(place: Place) -> None:
    document, levels = place.told("--offline")
    assert (document["exit"], levels["days"], levels["look"]) == (5, "unknown", "unknown")
    seen, _ = place.told()
    before = len(place.lab.calls("op"))
    document, levels = place.told("--offline")
    assert set(levels.values()) == {"ok"}
    assert (document["key"]["id"], document["key"]["expires"]) == (seen["key"]["id"], seen["key"]["expires"])
    assert document["last_success"] == seen["last_success"]
    assert document["key"]["last_used"] is None
    assert len(place.lab.calls("op")) == before


def test_the_metrics_say_when_it_was_looked_and_when_a_look_last_told_everything(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "key.prom"
    began = time.time()
    place.look("--prometheus", str(file))
    found = metrics(file)
    assert found["zotops_key_days_left"] == pytest.approx(90, abs=0.1)
    assert found["zotops_key_timestamp_seconds"] >= began
    assert found["zotops_key_success_timestamp_seconds"] >= began
    assert found['zotops_key_point{level="ok",point="key"'] == 1
    good = found["zotops_key_success_timestamp_seconds"]
    with place.lab.state.edit("forge") as document:
        document["tokens"] = []
    place.look("--prometheus", str(file))
    found = metrics(file)
    assert found["zotops_key_success_timestamp_seconds"] == good < found["zotops_key_timestamp_seconds"]
    assert found['zotops_key_point{level="unknown",point="forge"'] == 1
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".prom"] == ["key.prom"]


def metrics(file: Path) -> dict[str, float]:
    """Name, and labels without the profile's, to value."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    pairs = (line.rpartition(" ")[::2] for line in lines)
    return {re.sub(r'[{,]profile="practice"}', "", name): float(value) for name, value in pairs}


def test_nobody_there_reads_only_what_the_profile_lists(place: Place, tmp_path: Path) -> None:
    text = (place.lab.root / "profile.toml").read_text()
    start = text.index("unattended = ")
    other = tmp_path / "other.toml"
    other.write_text(text[:start] + "unattended = []" + text[text.index("\n", start) :])
    before = len(place.lab.calls("op"))
    document, levels = place.told(profile=str(other))
    assert (document["key"]["state"], levels["key"], document["exit"]) == ("cannot tell", "unknown", 5)
    assert "nobody is there to unlock the vault" in document["points"][0]["observed"]
    assert len(place.lab.calls("op")) == before


def test_a_vault_that_is_signed_out_is_asked_once_and_said_so(place: Place) -> None:
    with place.lab.state.edit("quirks") as document:
        document["op"] = {"signed_out": True}
    before = len(place.lab.calls("op"))
    document, levels = place.told()
    with place.lab.state.edit("quirks") as quirks:
        quirks.pop("op")
    assert (document["key"]["state"], document["exit"]) == ("cannot tell", 5)
    assert {levels[name] for name in ("key", "record", "revoked", "rotation", "forge")} == {"unknown"}
    assert "unlock 1Password" in document["points"][0]["observed"]
    assert len(place.lab.calls("op")) == before + 1


def test_one_issue_a_threshold_is_opened_at_the_forge_and_not_one_a_look(place: Place, tmp_path: Path) -> None:
    with place.lab.state.edit("forge") as document:
        document["tokens"].append({"token": FOR_ISSUES, "user": place.names["owner"], "scopes": ["write:issue"]})
    text = (place.lab.root / "profile.toml").read_text()
    ref = f"{place.names['own_item']}/issue-token"
    place.store("issue-token", FOR_ISSUES)
    text = text.replace("[forge]\n", f'[forge]\nissue_token = "{ref}"\n').replace(
        "unattended = [", f'unattended = ["{ref}", '
    )
    profile = tmp_path / "with-issues.toml"
    profile.write_text(text)
    assert place.told("--issue", profile=str(profile))[0]["issues"] == []
    made = place.renew(days=10)
    place.store("expires", made["expirationDate"])
    opened = [place.told("--issue", profile=str(profile))[0]["issues"] for _ in range(2)]
    assert [(one["point"], one["level"], one["opened"]) for each in opened for one in each] == [
        ("days", "warning", True),
        ("days", "warning", False),
    ]
    stored = place.lab.state.read("forge")["issues"]["practice/platform"]
    assert [issue["title"] for issue in stored] == [
        "practice, warning: it does not hold that the key has 14 days left or more"
    ]
    assert opened[0][0]["address"] == opened[1][0]["address"] != ""
    said = " ".join(place.look("--issue", profile=str(profile)).out.split())
    assert f"issue days, warning: is there already: {opened[0][0]['address']}" in said


def test_whether_the_forges_schedule_still_runs_is_told_from_elsewhere(place: Place, tmp_path: Path) -> None:
    profile = tmp_path / "watched.toml"
    text = (place.lab.root / "profile.toml").read_text()
    profile.write_text(text.replace("[forge]\n", '[forge]\nwatched_by = "watch.yaml"\n'))
    assert place.told(profile=str(profile))[1]["watch"] == "warning"
    with place.lab.state.edit("forge") as document:
        earlier = document["runs"][-1]
        run = {"workflow": "watch.yaml", "id": earlier["id"] + 1, "number": earlier["number"] + 1}
        document["runs"].append({**earlier, **run, "created": time.time() - 3600})
    assert place.told(profile=str(profile))[1]["watch"] == "ok"


def test_a_token_that_may_not_open_issues_is_told_and_the_rest_is_as_ever(place: Place) -> None:
    made = place.renew(days=3)
    place.store("expires", made["expirationDate"])
    document, levels = place.told("--issue")
    assert (document["exit"], levels["days"], document["issues"][0]["opened"]) == (1, "critical", False)
    assert "write:issue" in document["issues"][0]["trouble"] or "read:issue" in document["issues"][0]["trouble"]


def test_offline_opens_nothing(place: Place) -> None:
    assert place.look("--offline", "--issue").code == 2

"""Each turn that a deployment and its undo can take, on a machine of a few lines; elsewhere they are tried for real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.deploying import FAILED, PROBE, WELL, Deploying, deploying
from tests.platform.stand_ins import NOTHING
from zotops.actions.deploy_registry import DeployRegistry, RestoreRegistry
from zotops.errors import ActionFailed, Uncertain
from zotops.model import Attempt, Facts, Intent, Outcome, Settled, State
from zotops.systems.builds import DEPLOYED_AT
from zotops.systems.candidate import REVIEWED_CONFIG, digest_of

FIRST = Attempt(run="7f3a", number=1)
KEPT = "config.json.zotops-7f3a"
OPEN, HARDENED = '{"http": {}}', '{"http": {"auth": {}, "accessControl": {"repositories": {}}}}'


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deploying]:
    with deploying(tmp_path) as found:
        yield found


def intended(place: Deploying, facts: Facts = NOTHING) -> Intent:
    return DeployRegistry(profile=place.at.profile).intent(place.at.world, facts, FIRST)


def deployed(place: Deploying, facts: Facts = NOTHING) -> Outcome:
    return DeployRegistry(profile=place.at.profile).perform(place.at.world, intended(place, facts), NOTHING)


def settled(place: Deploying, intent: Intent) -> Settled:
    return DeployRegistry(profile=place.at.profile).settle(place.at.world, intent)


def what_was_told(place: Deploying) -> list[str]:
    return [what for what, _ in place.at.told]


def test_the_intent_holds_what_is_in_force(place: Deploying) -> None:
    intent = dict(intended(place, {REVIEWED_CONFIG: "abc"}))
    assert intent.pop("begun").endswith("+00:00")
    assert intent == {
        "config-before": digest_of("{}"),
        "process-before": "7",
        "kept": f"{place.at.config}.zotops-7f3a",
        "reviewed": "abc",
    }
    place.at.processes(None)
    place.at.config.unlink()
    assert (intended(place)["config-before"], intended(place)["process-before"]) == ("", "")


def test_the_old_configuration_is_kept_and_the_play_is_run(place: Deploying) -> None:
    place.play(writes=HARDENED, starts=8)
    place.at.age(0)
    outcome = deployed(place)
    assert place.left_behind == [KEPT]
    assert (place.at.config.parent / KEPT).read_text() == "{}"
    assert outcome.left == (f"{place.at.config}.zotops-7f3a on practice-host: the configuration from before",)
    assert outcome.facts[DEPLOYED_AT]
    assert what_was_told(place)[-3:] == ["zot : Deploy zot OIDC credentials", "play", "registry"]
    assert place.at.restarts == 0


def test_before_a_first_deployment_there_is_nothing_to_keep(place: Deploying) -> None:
    place.at.config.unlink()
    place.dry_run("--- before\n+++ after: /x/config.json.j2\n@@ -0,0 +1 @@\n+{}\n\n" + WELL)
    place.play(writes=HARDENED, starts=8)
    assert deployed(place).left == ()
    assert place.left_behind == []


def test_an_unreachable_provider_changes_nothing(place: Deploying) -> None:
    (place.at.folder / "curl").write_text("HTTP/1.1 503 Busy\r\n\r\n")
    with pytest.raises(ActionFailed, match=r"nothing was changed: .* answered 503"):
        deployed(place)
    assert place.left_behind == []


def test_a_play_that_fails_after_the_writing_is_said_and_nothing_is_restarted(place: Deploying) -> None:
    place.play(FAILED, writes=HARDENED)
    outcome = deployed(place)
    assert len(outcome.left) == 2
    assert outcome.left[1].startswith("the play failed after it had written the configuration: task 'zot : Deploy")
    assert outcome.facts == {}
    assert place.at.told[-1][1].startswith("failed, and its restart was dropped")
    assert place.at.restarts == 0


def test_a_play_that_fails_before_the_writing_did_nothing(place: Deploying) -> None:
    place.play(FAILED)
    with pytest.raises(ActionFailed, match="the play failed, and the configuration is as before: task"):
        deployed(place)


def test_a_restart_that_the_play_lost_is_made_up_for(place: Deploying) -> None:
    place.play(writes=HARDENED)
    place.at.age(0)  # as young as the file, so that only its number tells that it is the old one
    deployed(place)
    assert place.at.restarts == 1


@pytest.mark.parametrize(("writes", "strange"), [(HARDENED, 1), ("", 0)])
def test_what_lies_there_has_to_be_what_was_reviewed(place: Deploying, writes: str, strange: int) -> None:
    place.play(writes=writes, starts=8)
    outcome = deployed(place, {REVIEWED_CONFIG: digest_of("{}")})
    assert len(outcome.left) == 1 + strange
    assert ("configuration" in what_was_told(place)) == bool(strange)


def test_what_nobody_reviewed_is_not_compared(place: Deploying) -> None:
    place.play(writes=HARDENED, starts=8)
    assert len(deployed(place).left) == 1


@pytest.mark.parametrize(
    ("config", "pid", "written", "state", "leftover"),
    [
        ("{}", 8, 100, State.DID_NOT, "the configuration is as before"),
        (HARDENED, 8, 100, State.HAPPENED, ""),
        (HARDENED, 8, 40, State.HAPPENED, ""),
        (HARDENED, 7, 40, State.DID_NOT, "the registry has not read it"),
        (HARDENED, 8, 10, State.DID_NOT, "the registry has not read it"),
        (HARDENED, None, 100, State.DID_NOT, "the registry has not read it"),
        (None, 8, 100, State.DID_NOT, "the registry has not read it"),
    ],
)
def test_whether_it_was_deployed_is_seen_by_file_and_process(
    *, place: Deploying, config: str | None, pid: int | None, written: int, state: State, leftover: str
) -> None:
    intent = intended(place)
    place.at.processes(pid)
    if config is None:
        place.at.config.unlink()
    else:
        place.at.config.write_text(config)
        place.at.wrote(written)  # seconds ago; the process began 40 s ago
    found = settled(place, intent)
    assert found.state is state
    assert leftover in found.leftover
    assert (found.outcome.facts == {DEPLOYED_AT: intent["begun"]}) == (state is State.HAPPENED)


def test_a_registry_that_did_not_run_before_is_told_by_its_age_alone(place: Deploying) -> None:
    place.at.processes(None)
    intent = intended(place)
    place.at.processes(8)
    place.at.config.write_text(HARDENED)
    place.at.wrote(40)
    assert settled(place, intent).state is State.HAPPENED


def taken_back(place: Deploying, kept: str | None) -> tuple[RestoreRegistry, Intent]:
    """The undo, as it is intended, with that configuration kept and another one in force."""
    if kept is not None:
        (place.at.config.parent / KEPT).write_text(kept)
    undo = RestoreRegistry(profile=place.at.profile)
    return undo, undo.intent(place.at.world, NOTHING, FIRST)


@pytest.mark.parametrize(
    ("kept", "status", "said"),
    [(OPEN, 415, "would be taken (415)"), (HARDENED, 401, "be refused (401)"), (HARDENED, 403, "be refused (403)")],
)
def test_the_old_configuration_is_put_back_and_shown_to_hold(
    place: Deploying, kept: str, status: int, said: str
) -> None:
    place.at.server.table[PROBE] = status
    undo, intent = taken_back(place, kept)
    assert undo.perform(place.at.world, intent, NOTHING) == Outcome()
    assert (place.at.config.read_text(), place.left_behind, place.at.restarts) == (kept, [], 1)
    assert what_was_told(place) == ["old configuration", "registry", "old behaviour"]
    assert said in place.at.told[-1][1]


@pytest.mark.parametrize(
    ("kept", "status", "said"),
    [
        (OPEN, 401, "an anonymous push is answered with 401"),
        (HARDENED, 415, "an anonymous push is answered with 415"),
        (OPEN, 500, "answered with 500"),
        (HARDENED, 404, "answered with 404"),
        ("no JSON", 415, "answered with 415"),
        ("[]", 415, "answered with 415"),
        ('{"http": {"auth": {"x": 1}}}', 415, "answered with 415"),
        ('{"http": {"accessControl": {"x": 1}}}', 415, "answered with 415"),
    ],
)
def test_an_old_configuration_that_does_not_hold_leaves_it_uncertain(
    place: Deploying, kept: str, status: int, said: str
) -> None:
    place.at.server.table[PROBE] = status
    undo, intent = taken_back(place, kept)
    with pytest.raises(Uncertain, match=f"the old configuration is back, but .*{said}"):
        undo.perform(place.at.world, intent, NOTHING)
    assert place.left_behind == [KEPT]


def test_a_configuration_without_http_is_open(place: Deploying) -> None:
    place.at.server.table[PROBE] = 415
    undo, intent = taken_back(place, '{"http": null}')
    undo.perform(place.at.world, intent, NOTHING)


def test_a_registry_that_does_not_come_back_leaves_it_uncertain(place: Deploying) -> None:
    undo, intent = taken_back(place, HARDENED)
    place.at.server.table["GET /v2/"] = 404
    with pytest.raises(Uncertain, match="but GET /v2/ answers 404"):
        undo.perform(place.at.world, intent, NOTHING)
    assert place.left_behind == [KEPT]


def refuses(place: Deploying, program: str, word: str) -> None:
    """Let a program on the registry's machine end with 1 when it is called with that word first."""
    path = place.at.folder / "bin" / program
    usual = path.read_text() if path.exists() else f'exec /bin/{program} "$@"'
    path.write_text(f'#!/bin/sh\n[ "$1" != {word} ] || {{ echo "cannot {word}" >&2; exit 1; }}\n{usual}\n')
    path.chmod(0o755)


def test_what_cannot_be_started_again_is_uncertain_since_the_old_file_lies_there(place: Deploying) -> None:
    undo, intent = taken_back(place, HARDENED)
    refuses(place, "launchctl", "load")
    with pytest.raises(Uncertain, match=r"the old configuration is back, but cannot load .*: cannot load"):
        undo.perform(place.at.world, intent, NOTHING)
    assert (place.at.config.read_text(), place.left_behind) == (HARDENED, [KEPT])


def test_a_kept_file_that_cannot_be_removed_is_left_and_named(place: Deploying) -> None:
    place.at.server.table[PROBE] = 401
    undo, intent = taken_back(place, HARDENED)
    refuses(place, "rm", "-f")
    (left,) = undo.perform(place.at.world, intent, NOTHING).left
    assert left.startswith(f"{place.at.config.parent / KEPT} on ")
    assert place.left_behind == [KEPT]


def test_a_registry_that_does_not_run_may_be_put_back_too(place: Deploying) -> None:
    place.at.processes(None)
    undo, intent = taken_back(place, HARDENED)
    assert intent["process-before"] == ""
    place.at.processes(8)
    undo.perform(place.at.world, intent, NOTHING)
    assert undo.settle(place.at.world, intent).state is State.HAPPENED


def test_where_nothing_was_kept_nothing_is_put_back(place: Deploying) -> None:
    undo, intent = taken_back(place, None)
    with pytest.raises(ActionFailed, match=r"nothing was changed: there is no .*zotops-7f3a on practice-host"):
        undo.perform(place.at.world, intent, NOTHING)
    assert place.at.restarts == 0


@pytest.mark.parametrize(
    ("config", "pid", "status", "state"),
    [
        (HARDENED, 8, 401, State.HAPPENED),
        (HARDENED, 8, 415, State.CANNOT_TELL),
        (HARDENED, 7, 401, State.DID_NOT),
        (HARDENED, None, 401, State.DID_NOT),
        (OPEN, 8, 401, State.DID_NOT),
        (None, 8, 401, State.DID_NOT),
    ],
)
def test_whether_it_was_taken_back_is_seen_by_file_process_and_behaviour(
    *, place: Deploying, config: str | None, pid: int | None, status: int, state: State
) -> None:
    undo, intent = taken_back(place, HARDENED)
    place.at.processes(pid)
    place.at.server.table[PROBE] = status
    if config is None:
        place.at.config.unlink()
    else:
        place.at.config.write_text(config)
    found = undo.settle(place.at.world, intent)
    assert found.state is state
    assert bool(found.how) == (state is State.CANNOT_TELL)

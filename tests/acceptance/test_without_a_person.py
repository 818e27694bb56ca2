"""Without a terminal: nothing is answered for a person, and every end has its exit code."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.desk import Desk, changed
from tests.acceptance.finished import Finished
from zotops.commands.report import reported
from zotops.profile_file import read_profile
from zotops.runbooks import RUNBOOKS
from zotops.runs import find

STEPS = (
    *("preflight", "deploy-blueprint", "let-ci-sign-in", "review-zot-change", "deploy-zot", "create-ci-key"),
    *("store-ci-key", "sync-forge-secrets", "test-build", "verify"),
)
WAITING, WRONG_USAGE, LOCKED, CHANGED, MISCONFIGURED = 3, 2, 6, 7, 78


# -- nobody is there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", [None, "\n" * 500], ids=["nothing", "a stream of newlines"])
def test_it_waits_for_a_person_and_says_for_what(untouched: Desk, feed: str | None) -> None:
    done = untouched.deploy(feed=feed)
    assert done.code == WAITING
    assert "deploy-blueprint waits for a decision (do, go on, by hand, look, skip, stop)" in done.err
    assert "remedy  run it at a terminal" in done.err
    assert untouched.kinds() == {"preflight": "observed"}
    assert untouched.events()[-1] == "run-stopped"


def test_auto_without_any_listed_step_acts_nowhere(untouched: Desk) -> None:
    done = untouched.deploy("--auto", profile=untouched.with_profile(steps="[]"))
    assert (done.code, untouched.kinds()) == (WAITING, {"preflight": "observed"})
    assert "does not list deploy-blueprint" in done.err


def test_auto_goes_on_exactly_to_the_first_step_that_is_not_listed(desk: Desk) -> None:
    before = desk.seen()
    listed = [step for step in STEPS if step != "deploy-zot"]
    done = desk.deploy("--auto", profile=desk.with_profile(steps=json.dumps(listed)))
    assert done.code == WAITING
    assert "deploy-zot waits for a decision" in done.err
    assert desk.kinds() == {
        "preflight": "observed",
        "deploy-blueprint": "witnessed",
        "let-ci-sign-in": "found done",
        "review-zot-change": "observed",
    }
    assert changed(before, desk.seen()) == ["state/cluster.json", "state/provider.json"]


def test_auto_with_every_step_listed_goes_to_the_end(finished: Finished) -> None:
    done = finished.done("deploy")
    assert (done.code, done.err) == (0, "")
    kinds = {r["step"]: r["data"]["kind"] for r in finished.records() if r["event"] == "step-done"}
    assert tuple(kinds) == STEPS
    assert list(kinds.values()).count("witnessed") == 7
    assert finished.told["outcome"]["forge has"]["ZOT_CI_API_KEY"] == "the vault's key"


def test_what_is_done_already_is_found_done_and_no_key_is_made(before_hardened: Desk) -> None:
    done = before_hardened.deploy("--auto", "--until", "store-ci-key")
    assert done.code == 0
    looks = ("preflight", "review-zot-change")
    expected = {step: "observed" if step in looks else "found done" for step in STEPS[:7]}
    assert before_hardened.kinds() == expected
    assert not any(event.endswith("action-intended") for event in before_hardened.events())


# -- only looking ------------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_every_action_and_writes_nothing(untouched: Desk) -> None:
    done = untouched.deploy("--dry-run")
    assert done.code == 0, done.err
    positions = [done.out.index(f"-- {n} of 10  {step} ") for n, step in enumerate(STEPS, 1)]
    assert positions == sorted(positions)
    assert done.out.count("would: ") == 7
    assert untouched.journals() == []
    assert list((untouched.kept / "locks").glob("*")) == []


def test_the_doctor_finds_everything_here(looked_at: Desk, tmp_path: Path) -> None:
    done = replace(looked_at, folder=tmp_path).invoke("doctor", "--profile", str(looked_at.profile))
    assert done.code == 0, done.out + done.err
    assert "the tools are there: argocd, git, kubectl, mise, op, ssh" in done.out


def test_the_doctor_names_what_is_missing_and_its_remedy(untouched: Desk, tmp_path: Path) -> None:
    (tmp_path / "no-tools").mkdir()
    profile = untouched.with_profile(search_path=json.dumps(str(tmp_path / "no-tools")))
    done = untouched.invoke("doctor", "--profile", str(profile))
    assert done.code == 1
    assert "the tools are there" in done.out
    assert "remedy" in done.out


# -- parts of a run ----------------------------------------------------------------------------------------------------


def test_it_ends_after_the_step_that_was_named(untouched: Desk) -> None:
    done = untouched.deploy("--until", "preflight")
    assert (done.code, done.err) == (0, "")
    assert untouched.kinds() == {"preflight": "observed"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--step", "deploy-zot"), "not done yet: preflight"),
        (("--until", "deploy-zoot"), "there is no step 'deploy-zoot'"),
        (("--settled", "deploy-zot=perhaps"), "write STEP=happened or STEP=did-not"),
        (("--settled", "deploy-zot=happened"), "nothing is uncertain there"),
        (("--undo", "deploy-zot"), "no run has been made here"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_words_that_do_not_fit_are_wrong_usage(untouched: Desk, words: tuple[str, ...], said: str) -> None:
    done = untouched.deploy(*words)
    assert done.code == WRONG_USAGE, done.out + done.err
    assert said in done.err


def test_a_single_step_is_taken_when_the_earlier_ones_are_done(untouched: Desk) -> None:
    assert untouched.deploy("--until", "preflight").code == 0
    done = untouched.deploy("--step", "deploy-blueprint")
    assert done.code == WAITING
    assert "deploy-blueprint waits for a decision" in done.err


def test_a_new_run_closes_the_old_one_with_a_reason(untouched: Desk) -> None:
    assert untouched.deploy("--until", "preflight").code == 0
    (old,) = untouched.journals()
    assert untouched.deploy("--new", "begun in the wrong week", "--until", "preflight").code == 0
    last = json.loads(old.read_text().splitlines()[-1])
    assert (last["event"], last["data"]) == ("run-abandoned", {"reason": "begun in the wrong week"})
    assert len(untouched.journals()) == 2
    listed = untouched.invoke("runs")
    assert (listed.code, listed.out.splitlines()[0].split()[-1]) == (0, "abandoned")


# -- a run that is not ours, or not as it was --------------------------------------------------------------------------


def test_a_changed_profile_is_shown_and_needs_to_be_accepted(untouched: Desk) -> None:
    assert untouched.deploy("--until", "preflight").code == 0
    other = untouched.with_profile(lifetime_days="80")
    refused = untouched.deploy("--until", "preflight", profile=other)
    assert refused.code == CHANGED
    assert '-  "lifetime_days": 90' in refused.err
    assert '+  "lifetime_days": 80' in refused.err
    assert "--accept-changes" in refused.err
    accepted = untouched.deploy("--until", "preflight", "--accept-changes", profile=other)
    assert accepted.code == 0, accepted.err
    (run,) = untouched.journals()
    assert reported(find(untouched.kept, run.stem, "")).runbook == RUNBOOKS["deploy"](read_profile(other))
    assert untouched.deploy("--until", "preflight", profile=other).code == 0


def test_another_users_run_is_continued_only_with_a_reason(untouched: Desk) -> None:
    somebody = replace(untouched, more={"LOGNAME": "somebody"})
    assert somebody.deploy("--until", "preflight").code == 0
    refused = untouched.deploy("--until", "preflight")
    assert refused.code == LOCKED
    assert "somebody's" in refused.err
    assert "--take-over" in refused.err
    taken = untouched.deploy("--until", "preflight", "--take-over", "she is ill")
    assert taken.code == 0
    assert "somebody's, taken over" in taken.out
    record = next(r for r in untouched.records() if r["event"] == "taken-over")
    assert record["data"]["reason"] == "she is ill"
    assert untouched.deploy("--until", "preflight").code == 0, "it is ours from then on"
    assert somebody.deploy("--until", "preflight").code == LOCKED


def test_every_problem_of_a_profile_is_listed_at_once_and_nothing_starts(untouched: Desk) -> None:
    profile = untouched.with_profile(lifetime_days='"ninety"', scratch="7", issuer='"nowhere"')
    text = profile.read_text().replace("[rotation]", "[rotation]\ncolour = 1").replace("own_item = ", "own_thing = ")
    profile.write_text(text)
    calls = len(untouched.calls())
    done = untouched.deploy("--auto", profile=profile)
    assert (done.code, done.out) == (MISCONFIGURED, "")
    for key in ("registry.scratch", "identity_provider.issuer", "rotation.lifetime_days"):
        assert f"{profile}: {key} = " in done.err
    for key in ("rotation.colour: unknown key", "secrets.own_thing: unknown key", "secrets.own_item: is missing"):
        assert f"{profile}: {key}" in done.err
    assert len(untouched.calls()) == calls
    assert not untouched.kept.exists()


@pytest.mark.parametrize("text", [None, "name = \n", b"\xff\xfe"], ids=["missing", "no TOML", "no text"])
def test_an_unreadable_profile_is_named_with_a_remedy(tmp_path: Path, text: str | bytes | None) -> None:
    path = tmp_path / "profile.toml"
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    desk = Desk(folder=tmp_path, ready={"root": str(tmp_path), "profile": str(path)})
    done = desk.deploy("--auto")
    assert (done.code, done.out) == (MISCONFIGURED, "")
    assert f"zotops: {path}: " in done.err
    assert not desk.kept.exists()

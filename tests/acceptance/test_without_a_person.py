"""Without a terminal: nothing is answered for a person, and every end has its exit code."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.acceptance.desk import INVOKE, ROOT, Desk, Done, changed
from tests.acceptance.finished import Finished

STEPS = (
    *("preflight", "deploy-blueprint", "let-ci-sign-in", "review-zot-change", "deploy-zot", "create-ci-key"),
    *("store-ci-key", "sync-forge-secrets", "test-build", "verify"),
)
WAITING, WRONG_USAGE, LOCKED, CHANGED, MISCONFIGURED = 3, 2, 6, 7, 78
OPERATORS_OWN = {
    "OP_SESSION_practice": "operators-own-1",
    "OP_SERVICE_ACCOUNT_TOKEN": "operators-own-2",
    "ARGOCD_AUTH_TOKEN": "operators-own-3",
    "KUBECONFIG": "operators-own-4",
    "SSH_AUTH_SOCK": "operators-own-5",
    "ANSIBLE_CONFIG": "operators-own-6",
    "DOCKER_CONFIG": "operators-own-7",
}


@pytest.fixture
def untouched(looked_at: Desk, tmp_path: Path) -> Iterator[Desk]:
    """Return a desk of its own before the open world, and see that the world is as before when the test ends."""
    before = looked_at.seen()
    yield replace(looked_at, folder=tmp_path)
    assert changed(before, looked_at.seen()) == []


@pytest.fixture
def before_hardened(hardened: Desk, tmp_path: Path) -> Iterator[Desk]:
    """Return a desk of its own before the hardened world, and see that the world is as before when the test ends."""
    before = hardened.seen()
    yield replace(hardened, folder=tmp_path)
    assert changed(before, hardened.seen()) == []


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
    resumed = next(r for r in untouched.records() if r["event"] == "run-resumed")
    assert resumed["data"]["take_over"] == "she is ill"


@dataclass(frozen=True)
class Pair:
    """A run in an operator's full environment, and a second call while the first one worked."""

    first: Done
    second: Done
    calls: list[dict[str, object]]
    trapped: list[str]


@pytest.fixture(scope="module")
def pair(hardened: Desk, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    place = tmp_path_factory.mktemp("pair")
    traps = set_traps(place / "traps", "ansible-playbook", "argocd", "git", "kubectl", "mise", "op", "ssh", "docker")
    path = {"PATH": f"{traps}:{os.environ['PATH']}"}
    desk = replace(hardened, folder=place, more={**OPERATORS_OWN, **path, "HTTP_PROXY": "http://127.0.0.1:9"})
    before = len(desk.calls())
    with desk.start("--auto", "--until", "review-zot-change") as run:
        until = time.monotonic() + 60
        while not desk.journals() and run.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        second = desk.deploy("--auto")
        out, err = run.communicate(timeout=90)
    trapped = [path.name for path in traps.glob("*.called")]
    return Pair(Done(run.returncode, out, err), second, desk.calls()[before:], trapped)


def set_traps(folder: Path, *names: str) -> Path:
    """Programs that must not be called: each leaves a file behind."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\n: > {folder}/{name}.called\nexit 1\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_second_run_at_the_same_time_is_refused_and_told_whose_the_first_is(pair: Pair) -> None:
    assert pair.second.code == LOCKED
    assert "this registry is being worked on by run of deploy by" in pair.second.err
    assert pair.first.code == 0, pair.first.err


def test_a_child_in_a_practice_world_sees_nothing_of_the_operators_environment(pair: Pair) -> None:
    assert {call["program"] for call in pair.calls} >= {"ansible-playbook", "argocd", "git", "mise", "op", "ssh"}
    text = json.dumps(pair.calls)
    assert [name for name, value in OPERATORS_OWN.items() if name in text or value in text] == []
    assert "HTTP_PROXY" not in text


def test_a_practice_world_calls_no_program_of_the_operator(pair: Pair) -> None:
    assert pair.trapped == []


def test_a_production_profile_runs_the_operators_programs_and_none_of_ours(
    before_hardened: Desk, tmp_path: Path
) -> None:
    venv = own_environment(tmp_path / "venv")
    traps = set_traps(venv / "bin", "ansible-playbook")
    tools = operators_tools(tmp_path / "tools", before_hardened)
    python = str(venv / "bin" / "python")
    seen = len(before_hardened.calls())
    desk = replace(
        before_hardened,
        command=(python, "-m", "invoke", *INVOKE[1:]),
        more={"PATH": f"{traps}:{tools}:/usr/bin:/bin", "VIRTUAL_ENV": str(venv), "PYTHONPATH": str(ROOT)}
        | {"LC_ALL": "C.UTF-8", "HOME": str(before_hardened.root / "home")},
    )
    done = desk.deploy("--auto", "--until", "review-zot-change", profile=production_profile(before_hardened))
    assert done.code == 0, done.out[-2000:] + done.err
    assert not (traps / "ansible-playbook.called").exists()
    play = next(call for call in desk.calls()[seen:] if call["program"] == "ansible-playbook")
    assert str(traps) not in play["env"]["PATH"].split(":")
    assert not [name for name in play["env"] if name == "VIRTUAL_ENV" or name.startswith("PYTHON")]


def own_environment(folder: Path) -> Path:
    """An environment like ours, in which a trap may lie: same interpreter, same packages."""
    ours = Path(sys.prefix)
    (folder / "bin").mkdir(parents=True)
    shutil.copy(ours / "pyvenv.cfg", folder)
    (folder / "lib").symlink_to(ours / "lib")
    (folder / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
    said = subprocess.run(
        [folder / "bin" / "python", "-c", "import sys, invoke; print(sys.prefix)"], capture_output=True, check=True
    )
    assert said.stdout.decode().strip() == str(folder)
    return folder


def operators_tools(folder: Path, desk: Desk) -> Path:
    """The practice world's programs as an operator would have them: on the PATH, in need of nothing from us."""
    folder.mkdir()
    for name in ("ansible-playbook", "argocd", "curl", "git", "kubectl", "launchctl", "mise", "op", "ps", "ssh"):
        program = desk.root / "bin" / name
        (folder / name).write_text(f'#!/bin/sh\nZOTOPS_LAB_WORLD={desk.root} exec {program} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def production_profile(desk: Desk) -> Path:
    """The world's profile without what makes its children see only the world."""
    lines = desk.profile.read_text().splitlines()
    start = lines.index("[programs.environment]")
    end = next(n for n in range(start + 1, len(lines)) if lines[n].startswith("["))
    left = [line for line in lines[:start] + lines[end:] if not line.startswith(("search_path", "practice"))]
    path = desk.folder / "production.toml"
    path.write_text("\n".join(left) + "\n")
    return path


# -- bad profiles ------------------------------------------------------------------------------------------------------


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


# -- afterwards --------------------------------------------------------------------------------------------------------


@pytest.fixture
def afterwards(finished: Finished, tmp_path: Path) -> Desk:
    """Return a desk with a copy of the finished run, whose world is gone."""
    shutil.copytree(finished.place / "state", tmp_path / "state")
    return Desk(folder=tmp_path, ready={"root": str(tmp_path), "profile": str(finished.place / "profile.toml")})


@pytest.mark.parametrize(
    ("section", "count"),
    [("Boxes of the pull request", 7), ("Boxes of the card", 6), ("Open questions of the plan", 3)],
)
def test_the_report_ticks_every_box_with_evidence(finished: Finished, section: str, count: int) -> None:
    done = finished.done("markdown")
    lines = done.out.partition(f"## {section}\n")[2].partition("\n## ")[0].split("\n- ")[1:]
    assert (done.code, done.err, len(lines)) == (0, "", count)
    for box in lines:
        head, *evidence = box.strip().splitlines()
        assert head.startswith("[x] ")
        assert evidence
        assert re.search(r"passed: .+ \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)", box), box


def test_the_json_report_is_one_document(finished: Finished) -> None:
    done = finished.done("json")
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert found["run"] == finished.told["run"]


def test_the_junit_report_has_a_case_for_every_check(finished: Finished) -> None:
    cases = {case.name for suite in JUnitXml.fromfile(str(finished.place / "junit.xml")) for case in suite}
    made = {r["data"]["check"] for r in finished.records() if r["event"] == "check-made"}
    assert made <= cases


def test_an_audit_finds_nothing_in_an_honest_journal(afterwards: Desk, finished: Finished) -> None:
    done = afterwards.invoke("runs", "--audit", finished.told["run"])
    assert done.code == 0
    assert "none changed" in done.out


def test_an_audit_finds_an_edited_record(afterwards: Desk, finished: Finished) -> None:
    (journal,) = afterwards.journals()
    journal.write_text(journal.read_text().replace('"verdict":"failed"', '"verdict":"passed"', 1))
    done = afterwards.invoke("runs", "--audit", finished.told["run"])
    assert done.code == 1
    assert "which was changed" in done.out


def test_only_a_head_kept_elsewhere_shows_a_cut_tail(afterwards: Desk, finished: Finished) -> None:
    head = json.loads(finished.done("json").out)["head"]
    assert head in finished.done("markdown").out
    words = ("runs", "--audit", finished.told["run"])
    assert afterwards.invoke(*words, "--head", head).code == 0
    (journal,) = afterwards.journals()
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-2]))
    assert afterwards.invoke(*words).code == 0
    cut = afterwards.invoke(*words, "--head", head)
    assert cut.code == 1
    assert "the end was cut off or changed" in cut.out

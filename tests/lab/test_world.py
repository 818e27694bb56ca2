import base64
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.practice_world import Practice, laid_out
from zotops.lab import checkout, vault, world

SOURCE = Path(__file__).parents[2]


def status(url: str, key: str | None = None, method: str = "GET", user: str = "zot-ci") -> int:
    request = urllib.request.Request(url, method=method)
    if key is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def started(root: Path, state: world.StartState) -> Iterator[Practice]:
    made = world.make(root, state=state, zot=world.find_zot())
    with world.start(root):
        yield Practice(root.resolve(), made)


@pytest.fixture(scope="module")
def open_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    yield from started(tmp_path_factory.mktemp("open") / "world", "open")


@pytest.fixture(scope="module")
def hardened_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    yield from started(tmp_path_factory.mktemp("hardened") / "world", "hardened")


@pytest.fixture(scope="module")
def half_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    yield from started(tmp_path_factory.mktemp("half") / "world", "half")


def tags(practice: Practice) -> list[str]:
    address = f"{practice.world['registry']['url']}/v2/practice/nettest/tags/list"
    with urllib.request.urlopen(address) as reply:
        found: list[str] = json.loads(reply.read())["tags"]
    return sorted(found)


def upload(practice: Practice, key: str | None = None) -> int:
    """May one create? Asked so that nothing is left behind."""
    address = f"{practice.world['registry']['url']}/v2/practice/nettest/manifests/unused"
    return status(address, key, "PUT")


def test_in_the_open_world_anybody_may_push_and_the_oldest_commit_is_built(open_world: Practice) -> None:
    oldest = checkout.commits(open_world.world)[-1][:7]
    assert tags(open_world) == [f"v0.1.0-{oldest}", f"v0.1.0-{oldest}-nix"]
    assert upload(open_world) == 415
    assert status(f"{open_world.world['registry']['url']}/metrics") == 200


def test_an_image_of_the_upstream_is_pulled_through(open_world: Practice) -> None:
    assert status(f"{open_world.world['registry']['url']}/v2/docker.io/library/alpine/manifests/3.20") == 200


def test_the_open_world_knows_nothing_of_ci(open_world: Practice) -> None:
    assert "zot-ci" not in open_world.state.read("provider")["users"]
    assert vault.value_of(open_world.state.read("vault"), open_world.names["shared_item"], "zot-ci-api") == "unset"
    assert vault.value_of(open_world.state.read("vault"), open_world.names["own_item"], "pending") == ""
    assert "ZOT_CI_API_KEY" not in open_world.state.read("forge")["secrets"]["repo:practice/platform"]
    config = json.loads((open_world.root / "host" / "zot" / "config.json").read_text())["http"]
    assert not {"auth", "accessControl", "externalUrl"} & config.keys()


def test_in_the_hardened_world_cis_key_is_in_the_vault_and_at_the_forge_and_may_create(
    hardened_world: Practice,
) -> None:
    key = vault.value_of(hardened_world.state.read("vault"), hardened_world.names["shared_item"], "zot-ci-api")
    assert key
    assert key.startswith("zak_")
    secrets = hardened_world.state.read("forge")["secrets"]["repo:practice/platform"]
    assert secrets["ZOT_CI_API_KEY"]["data"] == key
    assert upload(hardened_world, key) == 415
    assert upload(hardened_world, "zak_00000000000000000000000000000000") == 401
    assert upload(hardened_world) == 401
    newest, _, oldest = (commit[:7] for commit in checkout.commits(hardened_world.world))
    assert len(tags(hardened_world)) == 4
    assert all(newest in tag or oldest in tag for tag in tags(hardened_world))


def test_the_sign_in_that_made_the_key_has_left_no_session(hardened_world: Practice) -> None:
    sessions = hardened_world.state.read("provider")["sessions"].values()
    assert not [session for session in sessions if session["user"] == "zot-ci"]
    tokens = hardened_world.state.read("provider")["tokens"].values()
    assert not [token for token in tokens if token["intent"] == "recovery"]


def test_anonymous_metrics_stay_reachable_when_hardened(hardened_world: Practice) -> None:
    assert status(f"{hardened_world.world['registry']['url']}/metrics") == 200
    assert status(f"{hardened_world.world['registry']['url']}/v2/_catalog") == 200


def test_in_the_half_hardened_world_nobody_may_read_and_whoever_signs_in_may_do_everything(
    half_world: Practice,
) -> None:
    key = vault.value_of(half_world.state.read("vault"), half_world.names["shared_item"], "zot-ci-api")
    address = f"{half_world.world['registry']['url']}/v2/practice/nettest"
    assert status(f"{address}/tags/list") == 401
    oldest = checkout.commits(half_world.world)[-1][:7]
    assert status(f"{address}/manifests/v0.1.0-{oldest}", key, "PUT") == 415  # an existing tag, by CI


def test_a_sync_lets_the_worker_apply_the_new_blueprint_a_little_later(tmp_path: Path) -> None:
    practice = Practice(tmp_path / "w", world.make(tmp_path / "w", zot=world.find_zot()))
    with world.start(practice.root):
        assert practice.run("argocd", "app", "sync", "authentik").code == 0
        end = time.monotonic() + 10
        while "zot-ci" not in practice.state.read("provider")["users"] and time.monotonic() < end:
            time.sleep(0.02)
    user = practice.state.read("provider")["users"]["zot-ci"]
    assert (user["type"], user["groups"]) == ("service_account", ["artifact-workloads"])


def test_a_profile_is_handed_out(open_world: Practice) -> None:
    assert open_world.world["registry"]["url"] in (open_world.root / "profile.toml").read_text()


def test_a_world_can_be_stopped_and_started_again_as_it_was(tmp_path: Path) -> None:
    practice = Practice(tmp_path / "w", world.make(tmp_path / "w", zot=world.find_zot()))
    with world.start(practice.root):
        first = tags(practice)
    running = world.start(practice.root)
    assert tags(practice) == first
    begun = time.monotonic()
    running.stop()
    assert time.monotonic() - begun < 1.0
    assert not processes(practice.root)
    running.stop()


def processes(root: Path) -> list[str]:
    """What still runs and names the world's folder."""
    done = subprocess.run(["ps", "-e", "-ww", "-o", "args="], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if str(root) in line]


def test_nothing_is_left_when_the_process_that_started_a_world_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom zotops.lab import world\n"
        "root = Path(sys.argv[1])\nworld.make(root)\nrunning = world.start(root)\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "w")]
    with subprocess.Popen(command, cwd=SOURCE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"up\n"
        assert len(processes(tmp_path / "w")) > 3
        child.kill()
    end = time.monotonic() + 5
    while processes(tmp_path / "w") and time.monotonic() < end:
        time.sleep(0.02)
    assert processes(tmp_path / "w") == []


def test_a_world_that_cannot_start_says_what_does_not_answer_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice = laid_out(tmp_path / "w")
    (practice.root / "host" / "zot" / "config.json").write_text("{")
    monkeypatch.setattr(world, "READY_WITHIN", 1.5)
    with pytest.raises(world.WorldError, match="no answer from: registry"):
        world.start(practice.root)
    assert processes(practice.root) == []


def test_children_see_only_the_worlds_programs(tmp_path: Path) -> None:
    practice = laid_out(tmp_path / "w")
    assert not (practice.root / "bin" / "python3").exists()
    for name in ("op", "argocd", "kubectl", "launchctl", "ssh", "mise", "git", "curl", "ps", "ansible-playbook"):
        assert os.access(practice.root / "bin" / name, os.X_OK)


def test_a_real_zot_is_found_by_name_or_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "zot"
    program.write_text('#!/bin/sh\necho \'{"distribution-spec":"1.1.1","commit":"v2.1.20-0-gabc"}\' >&2\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("ZOTOPS_ZOT", raising=False)
    assert world.find_zot() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert world.find_zot() == program
    monkeypatch.setenv("ZOTOPS_ZOT", str(program))
    assert world.find_zot() == program
    assert world.kind_of(program) == "zot 2.1.20"
    monkeypatch.setenv("ZOTOPS_ZOT", "/nowhere/zot")
    with pytest.raises(world.WorldError, match="ZOTOPS_ZOT=/nowhere/zot is not a program"):
        world.find_zot()


def test_a_program_that_is_no_zot_is_refused() -> None:
    with pytest.raises(world.WorldError, match="does not answer `--version` as zot does"):
        world.kind_of(Path(shutil.which("true") or "/bin/true"))

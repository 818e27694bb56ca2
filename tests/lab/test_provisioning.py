import json
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.practice_world import Done, Practice
from zotops.lab import vault, world
from zotops.lab.provisioning import zot_config

PROVISION = ("mise", "-C", "checkout", "run", "provision-indri", "--")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    root = tmp_path_factory.mktemp("provisioning") / "world"
    made = world.make(root, zot=world.find_zot())
    with world.start(root):
        practice = Practice(root.resolve(), made)
        practice.run("argocd", "app", "sync", "authentik")
        yield practice


@pytest.fixture
def practice(running: Practice, tmp_path: Path) -> Iterator[Practice]:
    """The running world with its open configuration; whatever a test does to vault, forge and host is taken back."""
    kept = tmp_path / "state"
    kept.mkdir()
    for name in ("vault", "forge", "quirks"):
        shutil.copy(running.root / "state" / f"{name}.json", kept)
    yield running
    for file in kept.iterdir():
        shutil.copy(file, running.root / "state")
    config(running).write_text(zot_config.open_config(running.world))
    (config(running).parent / "oidc-credentials.json").unlink(missing_ok=True)
    running.run("launchctl", "kickstart", "-k", "gui/501/practice.zot")
    wait_for(running)


def config(practice: Practice) -> Path:
    return practice.root / "host" / "zot" / "config.json"


def tasks(done: Done) -> list[str]:
    return re.findall(r"^(?:TASK|RUNNING HANDLER) \[(.*?)\]", done.out, re.MULTILINE)


def recap(done: Done) -> dict[str, int]:
    """The host's counts; empty when no host line was printed."""
    line = re.search(r"^practice-host\s+: (.*)$", done.out, re.MULTILINE)
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line[1])} if line else {}


def pid(practice: Practice) -> int:
    process: int = practice.state.read("processes")["practice.zot"]["pid"]
    return process


def may_anybody_push(practice: Practice) -> int:
    address = f"{practice.world['registry']['url']}/v2/practice/nettest/manifests/unused"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="PUT"), timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_a_dry_run_shows_the_change_with_the_secret_and_changes_nothing(practice: Practice) -> None:
    before = config(practice).read_bytes()
    done = practice.run(*PROVISION, "--check", "--diff", "--tags", "zot")
    assert done.code == 0
    assert tasks(done)[1:3] == ["zot : Deploy zot config", "zot : Deploy zot OIDC credentials"]
    assert '+    "accessControl": {' in done.out
    assert practice.world["secrets"]["client_secret"] in done.out  # as the user's role does: it has no no_log there
    assert config(practice).read_bytes() == before
    assert not (config(practice).parent / "oidc-credentials.json").exists()
    assert recap(done) == recap(done) | {"changed": 2, "failed": 0, "unreachable": 0}


def test_a_run_hardens_the_registry_and_a_second_one_changes_nothing(practice: Practice) -> None:
    before = pid(practice)
    assert may_anybody_push(practice) == 415
    done = practice.run(*PROVISION, "--tags", "zot")
    assert done.code == 0, done.out
    assert recap(done) == recap(done) | {"changed": 3, "failed": 0, "unreachable": 0}
    assert practice.world["secrets"]["client_secret"] not in done.out
    assert tasks(done)[-1] == "zot : Restart zot"
    assert config(practice).read_text() == zot_config.hardened_config(practice.world)
    credentials = config(practice).parent / "oidc-credentials.json"
    assert credentials.read_text() == zot_config.credentials(practice.world)
    assert credentials.stat().st_mode & 0o777 == 0o600
    assert pid(practice) != before
    wait_for(practice)
    assert may_anybody_push(practice) == 401
    verified = practice.run("ssh", "practice-host", "bin/zot", "verify", "zot/config.json")
    assert verified.code == 0, verified.out
    again = practice.run(*PROVISION, "--check", "--diff", "--tags", "zot")
    assert recap(again)["changed"] == 0


def wait_for(practice: Practice) -> None:
    """The launch agent is loaded at once; the registry needs a moment to answer."""
    end = time.monotonic() + 10
    while practice.run("curl", "-s", "-m", "5", f"{practice.world['registry']['url']}/livez").code:
        assert time.monotonic() < end


@pytest.mark.parametrize("edit", [('zot_anonymous_actions: ["read"]', 'zot_anonymous_actions: ["read", "create"]')])
def test_an_edited_role_changes_what_the_registry_does(practice: Practice, edit: tuple[str, str]) -> None:
    defaults = practice.root / "checkout" / "ansible" / "roles" / "zot" / "defaults" / "main.yml"
    text = defaults.read_text()
    assert edit[0] in text
    defaults.write_text(text.replace(*edit))
    try:
        assert practice.run(*PROVISION, "--tags", "zot").code == 0
    finally:
        defaults.write_text(text)
    wait_for(practice)
    assert may_anybody_push(practice) == 415


def test_a_play_that_breaks_off_late_loses_the_restart_for_good(practice: Practice) -> None:
    before = pid(practice)
    practice.quirk("ansible", fail_after_config=True)
    done = practice.run(*PROVISION, "--tags", "zot")
    assert (done.code, recap(done)["failed"]) == (2, 1)
    assert "[provision-indri] ERROR task failed" in done.err
    assert "zot : Restart zot" not in tasks(done)
    assert config(practice).read_text() == zot_config.hardened_config(practice.world)
    practice.quirk("ansible")
    again = practice.run(*PROVISION, "--tags", "zot")
    assert (again.code, recap(again)["changed"]) == (0, 0)
    assert pid(practice) == before


def test_the_secrets_reach_the_forge_and_no_output_names_them(practice: Practice) -> None:
    key = "zak_0123456789abcdef0123456789abcdef"
    with practice.state.edit("vault") as document:
        vault.set_value(document, practice.names["shared_item"], "zot-ci-api", key)
    done = practice.run(*PROVISION, "--tags", "forgejo_actions_secrets")
    assert done.code == 0, done.out
    assert tasks(done)[-1] == "forgejo_actions_secrets : Sync Actions secrets to Forgejo"
    assert recap(done) == recap(done) | {"ok": 5, "changed": 1, "failed": 0}
    secrets = practice.state.read("forge")["secrets"]["repo:practice/platform"]
    assert secrets["ZOT_CI_API_KEY"]["data"] == key
    assert secrets["ARGOCD_AUTH_TOKEN"]["data"] == practice.world["secrets"]["argocd_token"]
    assert key not in done.out + done.err
    assert "ZOT_CI_API_KEY" not in done.out
    assert not [call for call in practice.calls("ansible-playbook") if key in json.dumps(call)]
    again = practice.run(*PROVISION, "--tags", "forgejo_actions_secrets")
    assert (again.code, recap(again)["changed"]) == (0, 0)  # 204: a rotation looks like nothing


def test_one_missing_field_stops_the_play_before_any_secret_is_synced(practice: Practice) -> None:
    before = practice.state.read("forge")["secrets"]
    with practice.state.edit("vault") as document:
        fields = document["items"][practice.names["fly_item"]]["fields"]
        fields[:] = [field for field in fields if field["label"] != "deploy-token"]
    done = practice.run(*PROVISION, "--tags", "forgejo_actions_secrets")
    assert done.code == 2
    assert recap(done) == recap(done) | {"ok": 2, "failed": 1}
    assert "[ERROR]: Task failed: " in done.out + done.err
    assert "censored" in done.out
    assert "does not have a field" not in done.out + done.err
    assert practice.state.read("forge")["secrets"] == before


def test_a_tag_that_matches_nothing_exits_0_without_a_host_line(practice: Practice) -> None:
    done = practice.run(*PROVISION, "--tags", "zott")
    assert (done.code, tasks(done), recap(done)) == (0, [], {})


def test_the_recap_can_be_another_versions_and_the_exit_code_stays(practice: Practice) -> None:
    practice.quirk("ansible", other_recap=True)
    done = practice.run(*PROVISION, "--check", "--tags", "zot")
    line = next(line for line in ANSI.sub("", done.out).splitlines() if line.startswith("practice-host"))
    assert done.code == 0
    assert ANSI.search(done.out)
    assert "failed=0" in line
    assert "rescued" not in line
    assert practice.run(*PROVISION, "--no-such-option").code == 2
    assert not list((practice.root / "tmp").glob("play.*"))


def services(done: Done) -> dict[str, str]:
    found = re.findall(r"^(.{24})(OK|FAILED)$", ANSI.sub("", done.out), re.MULTILINE)
    return {name.rstrip().removesuffix("..."): verdict for name, verdict in found}


def test_services_check_prints_a_line_per_service_in_colour(practice: Practice) -> None:
    done = practice.run("mise", "-C", "checkout", "run", "services-check")
    assert done.code == 0, done.out
    assert "\x1b[0;32mOK\x1b[0m" in done.out
    assert services(done).items() >= {("zot", "OK"), ("Zot Registry", "OK"), ("Authentik", "OK")}
    assert "Local services on practice-host:\n" in done.out
    assert re.search(r"^NAME +SYNC +HEALTH +TARGET$", done.out, re.MULTILINE)
    assert ANSI.sub("", done.out).splitlines()[-1] == "All services healthy!"


def test_services_check_is_red_for_what_has_nothing_to_do_with_the_registry(practice: Practice) -> None:
    practice.quirk("services", unrelated_red=True)
    done = practice.run("mise", "-C", "checkout", "run", "services-check")
    assert done.code == 1
    assert [name for name, verdict in services(done).items() if verdict != "OK"] == ["Grafana"]
    assert ANSI.sub("", done.out).splitlines()[-1] == "Some services failed health check"


def test_services_check_takes_an_unreachable_cluster_for_fine(practice: Practice) -> None:
    practice.quirk("services", cluster_unreachable=True)
    done = practice.run("mise", "-C", "checkout", "run", "services-check")
    assert done.code == 0
    assert "NAME" not in done.out


def test_services_check_notices_a_registry_that_is_away(practice: Practice) -> None:
    agent = practice.root / "host" / "LaunchAgents" / "practice.zot.plist"
    practice.run("launchctl", "unload", str(agent))
    try:
        done = practice.run("mise", "-C", "checkout", "run", "services-check")
    finally:
        practice.run("launchctl", "load", str(agent))
    assert done.code == 1
    assert services(done)["Zot Registry"] == services(done)["zot"] == "FAILED"

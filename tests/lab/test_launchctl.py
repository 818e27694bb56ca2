import plistlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.practice_world import Done, Practice, laid_out

LABEL = "practice.zot"


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A world in which only a supervisor runs, with something cheap in the registry's place."""
    made = laid_out(tmp_path_factory.mktemp("launchctl") / "world")
    (made.root / "servers.json").write_text("[]")
    agent = plistlib.loads(plist(made).read_bytes()) | {"ProgramArguments": ["/bin/sleep", "60"]}
    plist(made).write_bytes(plistlib.dumps(agent))
    command = [sys.executable, "-m", "zotops.lab.supervisor", str(made.root)]
    with subprocess.Popen(command, cwd=made.world["source"], stdin=subprocess.PIPE) as supervisor:
        end = time.monotonic() + 10
        while not made.state.read("processes") and time.monotonic() < end:
            time.sleep(0.01)
        yield made
        assert supervisor.stdin
        supervisor.stdin.close()


def plist(practice: Practice) -> Path:
    return practice.root / "host" / "LaunchAgents" / f"{LABEL}.plist"


def test_list_shows_agents_and_not_the_labs_own_servers(practice: Practice) -> None:
    pid = practice.state.read("processes")[LABEL]["pid"]
    assert practice.run("launchctl", "list") == Done(0, f"PID\tStatus\tLabel\n{pid}\t0\t{LABEL}\n", "")


def test_list_of_one_label_prints_a_dictionary(practice: Practice) -> None:
    pid = practice.state.read("processes")[LABEL]["pid"]
    done = practice.run("launchctl", "list", LABEL)
    assert done.code == 0
    assert done.out.startswith("{\n")
    assert f'\t"PID" = {pid};\n\t"Program" = "/bin/sleep";\n' in done.out
    assert '\t"LastExitStatus" = 0;\n' in done.out
    assert done.out.endswith("};\n")


def test_an_unknown_label_is_113(practice: Practice) -> None:
    done = practice.run("launchctl", "list", "gone")
    assert done == Done(113, "", 'Could not find service "gone" in domain for port\n')


def test_unload_and_load_make_another_process(practice: Practice) -> None:
    before = practice.state.read("processes")[LABEL]["pid"]
    assert practice.run("launchctl", "unload", str(plist(practice))) == Done(0, "", "")
    assert practice.run("launchctl", "list", LABEL).code == 113
    again = practice.run("launchctl", "unload", str(plist(practice)))
    assert again == Done(0, "", "Unload failed: 5: Input/output error\n")
    assert practice.run("launchctl", "load", str(plist(practice))) == Done(0, "", "")
    assert practice.state.read("processes")[LABEL]["pid"] != before
    assert practice.run("launchctl", "load", str(plist(practice))).err == "Load failed: 5: Input/output error\n"


def test_a_missing_property_list_is_named(practice: Practice) -> None:
    assert practice.run("launchctl", "load", "/gone").err == "/gone: No such file or directory\n"


def test_kickstart_restarts(practice: Practice) -> None:
    before = practice.state.read("processes")[LABEL]["pid"]
    assert practice.run("launchctl", "kickstart", "-k", f"gui/501/{LABEL}") == Done(0, "", "")
    assert practice.state.read("processes")[LABEL]["pid"] != before
    missing = practice.run("launchctl", "kickstart", "-k", "gui/501/gone")
    assert missing == Done(113, "", 'Could not find service "gone" in domain for gui/501\n')


def test_the_time_a_process_has_run_comes_from_ps_over_ssh(practice: Practice) -> None:
    pid = practice.state.read("processes")[LABEL]["pid"]
    done = practice.run("ssh", "practice-host", "ps", "-o", "etime=", "-p", str(pid))
    assert done.code == 0
    assert done.out.strip().startswith("00:")
    assert practice.run("ssh", "practice-host", "ps -o etime= -p 999999").code == 1


@pytest.mark.parametrize("words", [("bootstrap", "gui/501"), ()])
def test_what_the_practice_world_leaves_out_is_said(practice: Practice, words: tuple[str, ...]) -> None:
    done = practice.run("launchctl", *words)
    assert done.code == 64
    assert "not implemented by the practice world" in done.err

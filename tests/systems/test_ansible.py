"""What `ansible-playbook` prints (2.19, recorded, names changed), and what becomes of it."""

import signal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.platform.stand_ins import with_programs
from zotops.errors import Unreachable
from zotops.systems.ansible import Narrator, Play, dry_run, parse_play, play

CONFIG = "/srv/zot/config.json"
EXPECTED = ("zot : Deploy zot config",)

DRY_RUN = """
PLAY [host] ********************************************************************

TASK [Read the client secret] **************************************************
ok: [host -> localhost]

TASK [zot : Deploy zot config] *************************************************
--- before: /srv/zot/config.json
+++ after: /root/.ansible/tmp/ansible-local-1/tmp_r/config.json.j2
@@ -1,4 +1,4 @@
 {
  "a": 1,
- "b": 0
-}
+ "b": 2
+}
\\ No newline at end of file

\x1b[0;33mchanged: [host]\x1b[0m

TASK [zot : Deploy zot OIDC credentials] ***************************************
--- before: /srv/zot/oidc-credentials.json
+++ after: /root/.ansible/tmp/ansible-local-1/tmp_s/oidc-credentials.json.j2
@@ -1,3 +1,3 @@
 {
- "clientsecret": "the-old-secret"
+ "clientsecret": "the-new-secret"
 }

changed: [host]

RUNNING HANDLER [zot : Restart zot] ********************************************
skipping: [host]

PLAY RECAP *********************************************************************
\x1b[0;33mhost\x1b[0m    : \x1b[0;32mok=3   \x1b[0m changed=2    unreachable=0    failed=0    skipped=1
"""

NEW_FILES = """
TASK [zot : Deploy zot config] *************************************************
--- before
+++ after: /root/.ansible/tmp/ansible-local-1/tmp_r/config.json.j2
@@ -0,0 +1,2 @@
+{
+}

changed: [host]

TASK [zot : Deploy zot OIDC credentials] ***************************************
--- before
+++ after: /root/.ansible/tmp/ansible-local-1/tmp_s/oidc-credentials.json.j2
@@ -0,0 +1 @@
+{"clientsecret": "the-new-secret"}

changed: [host]
"""
RECAP = "host : ok=3 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0"
DEPLOYED = "TASK [zot : Deploy zot config] ***\nok: [host]\n"


def parsed(printed: str, code: int = 0) -> Play:
    return parse_play(code, printed, config=CONFIG)


def test_tasks_and_their_results_are_read_through_colours() -> None:
    found = parsed(DRY_RUN)
    assert [(ran.task, ran.result) for ran in found.tasks] == [
        ("Read the client secret", "ok"),
        ("zot : Deploy zot config", "changed"),
        ("zot : Deploy zot OIDC credentials", "changed"),
        ("zot : Restart zot", "skipping"),
    ]
    assert found.recap == ("host : ok=3 changed=2 unreachable=0 failed=0 skipped=1",)
    assert found.changed == ("zot : Deploy zot config", "zot : Deploy zot OIDC credentials")


@pytest.mark.parametrize("printed", [DRY_RUN, NEW_FILES, DRY_RUN.replace("\n", "\r\n")])
def test_of_all_diffs_only_the_configurations_is_kept(printed: str) -> None:
    found = parsed(printed)
    assert found.config_diff
    assert "secret" not in repr(found).replace("client secret", "")
    assert [name.rpartition("/")[2].removesuffix(".j2") for name in found.hidden] == ["oidc-credentials.json"]


def test_without_a_diff_there_is_none() -> None:
    assert parsed(DEPLOYED).config_diff is None


@pytest.mark.parametrize(
    ("printed", "code", "trouble"),
    [
        pytest.param(DEPLOYED + RECAP, 0, "", id="well"),
        pytest.param(f"TASK [Gathering Facts] ***\nok: [host]\n{RECAP}", 0, "did not come to the task", id="wrong tag"),
        pytest.param(DEPLOYED, 0, "no host in its recap", id="no host"),
        pytest.param(
            f"{DEPLOYED}TASK [zot : Load] ***\n[ERROR]: Task failed: no such file\nfatal: [host]: FAILED! => {{}}\n"
            f"{RECAP.replace('failed=0', 'failed=1')}",
            2,
            "task 'zot : Load' failed, host : ok=3 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0: "
            "Task failed: no such file",
            id="a task failed",
        ),
        pytest.param(DEPLOYED + RECAP.replace("unreachable=0", "unreachable=1"), 4, "unreachable=1", id="unreachable"),
        pytest.param("[ERROR]: couldn't resolve module/action", 4, "couldn't resolve", id="a collection is missing"),
        pytest.param(f"{DEPLOYED}fatal: [host]: FAILED! => {{}}\n...ignoring\n{RECAP}", 0, "", id="failed and ignored"),
        pytest.param(DEPLOYED + RECAP, 99, "ended with 99", id="interrupted at the end"),
    ],
)
def test_exit_code_zero_alone_is_no_success(printed: str, code: int, trouble: str) -> None:
    found = parsed(printed, code).trouble(EXPECTED)
    assert (found == "") if not trouble else (trouble in found)


def test_while_it_runs_only_tasks_and_results_are_told() -> None:
    told: list[tuple[str, str]] = []
    narrator = Narrator(lambda what, result: told.append((what, result)))
    for line in DRY_RUN.splitlines():
        narrator(line)
    assert told[1:3] == [("zot : Deploy zot config", "changed"), ("zot : Deploy zot OIDC credentials", "changed")]
    assert "secret" not in str(told).replace("client secret", "")


def test_both_runs_are_asked_for_as_the_plan_writes_them(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, mise=f'echo "$@" >> {tmp_path}/calls; echo "{RECAP}"')
    assert dry_run(world, profile, "zot").recap
    assert play(world, profile, "zot").recap
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["run provision-indri -- --check --diff --tags zot", "run provision-indri -- --tags zot"]


def test_a_dry_run_that_does_not_end_quotes_nothing(tmp_path: Path) -> None:
    profile, world = with_programs(tmp_path, mise="echo '+ the-new-secret'; exec sleep 60")
    quick = replace(profile.provisioning, patience=0.3)
    profile = replace(profile, provisioning=quick)
    with pytest.raises(Unreachable) as silent:
        dry_run(world, profile, "zot")
    assert "the-new-secret" not in f"{silent.value} {silent.value.__cause__}"


def test_a_play_that_was_killed_is_no_success() -> None:
    assert "ended with" in parsed(DEPLOYED + RECAP, -signal.SIGTERM).trouble(EXPECTED)

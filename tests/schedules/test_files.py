"""Each schedule's file, held to its own tool or to a published schema, and that tool seen to find a mistake."""

from __future__ import annotations

import copy
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.verifying import ROOT
from tests.schedules.installed import SCHEDULES, agent, cron_job, workflow
from zotops.commands.check import workflows

# Of launchd.plist(5), those that a job of ours could have.
LAUNCHD = {
    "Label",
    "ProgramArguments",
    "EnvironmentVariables",
    "StartCalendarInterval",
    "ProcessType",
    "StandardOutPath",
    "StandardErrorPath",
    "WorkingDirectory",
    "RunAtLoad",
    "Umask",
}
# The oldest that still gets fixes, and the newest that the schemas know.
KUBERNETES = ("1.34", "1.37")


def verified(folder: Path, *units: str) -> str:
    """What systemd says against them, once the program that they start is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian's package systemd)")
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(folder / unit) for unit in units)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout + done.stderr


def laid(folder: Path, change: tuple[str, str] = ("", "")) -> Path:
    """The units with zotops where it is here, and one more change."""
    for path in (SCHEDULES / "systemd").iterdir():
        (folder / path.name).write_text(path.read_text().replace("/opt/zotops", str(ROOT)).replace(*change))
    return folder


UNITS = ("zotops-watch.service", "zotops-watch.timer")


def test_systemd_takes_service_and_timer_without_a_word(tmp_path: Path) -> None:
    assert verified(laid(tmp_path), *UNITS) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Type=oneshot", "Type=onshot"), "service type"),
        (("LoadCredential=zot", "LoadCredentials=zot"), "'LoadCredentials'"),
        (("05:17:00", "25:17:00"), "calendar"),
        (("schedules/watch", "schedules/wotch"), "not executable"),
    ],
)
def test_a_mistake_in_a_unit_is_found(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    assert said in verified(laid(tmp_path, change), *UNITS)


def test_the_agent_is_a_property_list_of_known_keys_that_names_full_paths() -> None:
    found = agent()
    assert found.keys() <= LAUNCHD
    assert next((SCHEDULES / "launchd").iterdir()).name == f"{found['Label']}.plist"
    paths = [
        *found["ProgramArguments"],
        found["StandardErrorPath"],
        found["EnvironmentVariables"]["CREDENTIALS_DIRECTORY"],
    ]
    assert [path for path in paths if not path.startswith("/")] == []
    assert set(found["StartCalendarInterval"]) <= {"Minute", "Hour", "Day", "Weekday", "Month"}
    assert 0 <= found["StartCalendarInterval"]["Hour"] < 24


def test_a_property_list_that_is_none_is_found() -> None:
    path = next((SCHEDULES / "launchd").glob("*.plist"))
    with pytest.raises(ValueError, match="unexpected key"):
        plistlib.loads(path.read_bytes().replace(b"</array>", b"", 1))


def test_zizmor_looks_at_the_workflow_and_finds_nothing() -> None:
    path = "schedules/forgejo/watch.yaml"
    assert path in workflows(), "it is one of those that `invoke check` looks at"
    assert audited(ROOT / path) == (0, "")


def test_zizmor_finds_a_secret_that_is_written_into_a_script(tmp_path: Path) -> None:
    text = (SCHEDULES / "forgejo" / "watch.yaml").read_text()
    bad = tmp_path / "watch.yaml"
    bad.write_text(
        text.replace("run: schedules/watch", "run: echo ${{ github.event.head_commit.message }}; schedules/watch")
    )
    code, said = audited(bad)
    assert code != 0
    assert "template-injection" in said


def audited(path: Path) -> tuple[int, str]:
    done = subprocess.run(
        [Path(sys.executable).parent / "zizmor", "--offline", "--quiet", "--no-progress", path],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode, "" if done.returncode == 0 else done.stdout


def test_the_workflow_runs_by_the_clock_and_may_open_issues_and_change_nothing_else() -> None:
    found: dict[Any, Any] = workflow()
    triggers = found[True]  # YAML 1.1 reads the bare word `on` as true
    assert set(triggers) == {"schedule", "workflow_dispatch"}
    assert [len(each["cron"].split()) for each in triggers["schedule"]] == [5]
    assert found["permissions"] == {"contents": "read", "issues": "write"}
    steps = found["jobs"]["watch"]["steps"]
    with_secrets = [step["name"] for step in steps if "secrets." in str(step) or "token" in str(step)]
    assert with_secrets == [steps[-1]["name"]], "only the step that looks is given anything"


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_own_schema_takes_the_cron_job(version: str) -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed: `./inv test` does"
    )
    assert validate.validate(cron_job(), version, strict=True) == version


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("place", ["container", "job", "volume"])
def test_a_mistake_in_the_cron_job_is_found(version: str, place: str) -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed: `./inv test` does"
    )
    wrong = copy.deepcopy(cron_job())
    pod = wrong["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    {
        "container": lambda: pod["containers"][0].update(command="a text"),
        "job": lambda: wrong["spec"].update(concurencyPolicy="Forbid"),
        "volume": lambda: pod["volumes"][0]["secret"].update(defaultMode="0440"),
    }[place]()
    with pytest.raises(validate.ValidationError):
        validate.validate(wrong, version, strict=True)


def test_the_cron_jobs_secrets_are_for_its_own_group_alone() -> None:
    pod = cron_job()["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    mode = pod["volumes"][0]["secret"]["defaultMode"]
    assert (mode, mode & 0o007) == (0o440, 0)
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
    mounted = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    environment = {one["name"]: one["value"] for one in pod["containers"][0]["env"]}
    assert environment["CREDENTIALS_DIRECTORY"] == mounted["credentials"]
    assert environment["ZOTOPS_STATE"].startswith(mounted["tmp"])


def test_the_script_is_plain_posix_sh() -> None:
    text = (SCHEDULES / "watch").read_text()
    assert text.startswith("#!/bin/sh\n")
    assert (SCHEDULES / "watch").stat().st_mode & 0o111
    done = subprocess.run(["sh", "-n", SCHEDULES / "watch"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_no_schedule_names_a_vault_that_asks_for_a_finger() -> None:
    for path in (path for path in SCHEDULES.rglob("*") if path.is_file()):
        assert "onepassword" not in path.read_text()
        assert "OP_" not in path.read_text()
    assert (SCHEDULES / "watch").read_text().count("--store environment") == 2

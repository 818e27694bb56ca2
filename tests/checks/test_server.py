from pathlib import Path

import pytest

from tests.systems.outside import Safe, profile_of, world_of
from zotops.checks.server import ServerLetsUsIn
from zotops.looking import made
from zotops.model import Evidence, Verdict


def seen(folder: Path, script: str) -> Evidence:
    profile = profile_of(folder, registry="http://127.0.0.1:9")
    ssh = folder / "bin" / "ssh"
    for needed in (ssh.parent, folder / "checkout"):
        needed.mkdir()
    ssh.write_text(f"#!/bin/sh\n{script}\n")
    ssh.chmod(0o755)
    return made(ServerLetsUsIn(profile=profile), world_of(profile, Safe()), {})


@pytest.mark.parametrize(
    ("script", "verdict", "observed"),
    [
        ("exit 0", Verdict.PASSED, "it runs"),
        ("echo 'Permission denied (publickey).' >&2; exit 255", Verdict.FAILED, "Permission denied (publickey)."),
        ("exit 255", Verdict.FAILED, "it said nothing"),
        ("exit 1", Verdict.FAILED, "there is none"),
    ],
)
def test_whether_a_command_runs_there_is_seen(script: str, verdict: Verdict, observed: str, tmp_path: Path) -> None:
    evidence = seen(tmp_path, script)
    assert evidence.verdict is verdict
    assert observed in evidence.observed
    assert bool(evidence.remedy) == (verdict is Verdict.FAILED)


def test_launchd_has_to_keep_the_registry_there(tmp_path: Path) -> None:
    evidence = seen(tmp_path, 'shift 5; case "$*" in *launchctl*) exit 127;; esac')
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "there is none")
    assert "by hand" in evidence.remedy


def test_nobody_is_ever_asked_for_anything(tmp_path: Path) -> None:
    seen(tmp_path, f'echo "$@" > {tmp_path}/words')
    assert "BatchMode=yes" in (tmp_path / "words").read_text()

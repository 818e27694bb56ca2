"""A machine on which provisioning is a few lines of sh, for the tests of what deploys and of what takes it back."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.platform.machine import NOW, Machine, machine
from tests.systems.outside import Table

RUNS = "GET /api/v1/repos/practice/platform/actions/runs?status={}&page=1&limit=50"
STATUSES = ("blocked", "running", "unknown", "waiting")
PROBE = "PUT /v2/practice/zotops-scratch/manifests/unused"
TABLE: Table = {
    **{RUNS.format(status): (200, {"workflow_runs": []}) for status in STATUSES},
    "GET /v2/": 401,
    PROBE: 401,
}
TASKS = "".join(f"TASK [zot : Deploy zot {what}] ***\nok: [host]\n" for what in ("config", "OIDC credentials"))
RECAP = "host : ok=3 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0\n"
WELL = TASKS + RECAP
FAILED = "TASK [zot : Deploy zot config] ***\nfatal: [host]: FAILED! => {}\n" + RECAP.replace("failed=0", "failed=1")
MISE = """
case "$*" in *--check*) cat {folder}/dry; exit 0;; esac
[ ! -e {folder}/written ] || cp -p {folder}/written {folder}/host/config.json
[ ! -e {folder}/pid ] || cp {folder}/pid {folder}/pids
cat {folder}/played
"""
ZOT = "cp $2 {folder}/verified; [ ! -e {folder}/refuses ] || {{ echo it says no >&2; exit 1; }}"


@dataclass(frozen=True)
class Deploying:
    """The machine, and what a play does to it."""

    at: Machine

    def dry_run(self, printed: str = WELL) -> None:
        (self.at.folder / "dry").write_text(printed)

    def play(self, printed: str = WELL, *, writes: str = "", starts: int | None = None) -> None:
        """What the real play prints, and what it leaves: another configuration, written just now; another process."""
        (self.at.folder / "played").write_text(printed)
        if writes:
            written = self.at.folder / "written"
            written.write_text(writes)
            os.utime(written, (NOW, NOW))
        if starts:
            (self.at.folder / "pid").write_text(f"{starts}\n")

    def names_issuer(self, issuer: str | None) -> None:
        """What the provider's document says to the registry's host; None: there is none."""
        body = json.dumps({"issuer": issuer})
        said = "HTTP/1.1 404 Not Found\r\n\r\n" if issuer is None else f"HTTP/1.1 200 OK\r\n\r\n{body}"
        (self.at.folder / "curl").write_text(said)

    def builds(self, file: str) -> None:
        """A build of that workflow is waiting."""
        row: dict[str, Any] = {"id": 5, "index_in_repo": 3, "workflow_id": file, "status": "waiting"}
        row |= {"trigger_event": "push", "created": "2026-03-07T10:00:00Z", "html_url": "http://forge/3"}
        self.at.server.table[RUNS.format("waiting")] = (200, {"workflow_runs": [row]})

    @property
    def left_behind(self) -> list[str]:
        """What lies beside the configuration."""
        return sorted(path.name for path in self.at.config.parent.iterdir() if path != self.at.config)


@contextmanager
def deploying(folder: Path) -> Iterator[Deploying]:
    """Nothing differs, nothing builds, everything is well."""
    scripts = {"mise": MISE.format(folder=folder), "zot": ZOT.format(folder=folder)}
    with machine(folder, TABLE, **scripts) as at:
        found = Deploying(at)
        found.dry_run()
        found.play()
        found.names_issuer(at.profile.identity_provider.issuer)
        yield found

"""The forge's runners: one thread per label that takes waiting runs and does what their workflow says."""

from __future__ import annotations

import threading
import time

from zotops.lab.forge import builds
from zotops.lab.forge.documents import Document, Forge
from zotops.lab.forge.secrets import value_for

_PATIENCE = 0.2  # seconds between looks at runs that wait although a runner is free (a fault holds them)


class Runner:
    """Takes the runs of one label, oldest first and one at a time; lives in a daemon thread."""

    def __init__(self, forge: Forge, *, label: str, style: str) -> None:
        self._forge = forge
        self._label = label
        self._style = style
        self._called = threading.Event()

    def start(self) -> None:
        """Begin with what an earlier process of this world left unfinished."""
        self._called.set()
        threading.Thread(target=self._work, name=f"runner {self._label}", daemon=True).start()

    def call(self) -> None:
        """Say that there may be a new run."""
        self._called.set()

    def _work(self) -> None:
        self._put_back()
        while True:
            self._called.wait(timeout=_PATIENCE if self._first_waiting(self._forge.read()) else None)
            self._called.clear()
            while run := self._take():
                self._do(run)

    def _put_back(self) -> None:
        if not any(run["status"] == "running" for run in self._forge.read().get("runs", ())):
            return
        with self._forge.state.edit("forge") as document:
            for run in document["runs"]:
                if run["status"] == "running" and self._mine(run):
                    run["status"] = "waiting"

    def _mine(self, run: Document) -> bool:
        return run.get("labels") == [self._label]

    def _first_waiting(self, document: Document) -> Document | None:
        waiting = (run for run in document.get("runs", ()) if run["status"] == "waiting" and self._mine(run))
        return min(waiting, key=lambda run: int(run["id"]), default=None)

    def _take(self) -> Document | None:
        if self._first_waiting(self._forge.read()) is None or self._forge.quirk("stuck_waiting"):
            return None
        with self._forge.state.edit("forge") as document:
            run = self._first_waiting(document)
            if run is None:
                return None
            now = time.time()
            run |= {"status": "running", "started": now}
            for job in run["jobs"]:
                job |= {"status": "running", "started": now, "task": document["next"]["task"]}
                document["next"]["task"] += 1
            if self._forge.quirk("early_failure"):
                # The status of a run is combined from its jobs: the first red one decides, the others go on.
                run["status"] = run["jobs"][0]["status"] = "failure"
            return dict(run)

    def _do(self, run: Document) -> None:
        log: list[str] = []
        result: Document = {}
        status = "success"
        try:
            result = builds.build(self._forge, run, self._style, log.append)
        except builds.BuildError as failed:
            log.append(str(failed))
            status = "failure"
        except Exception as error:  # noqa: BLE001 - whatever breaks a job makes it red, never the runner
            log.append(f"the job broke: {type(error).__name__}: {error}")
            status = "failure"
        self._finish(run["id"], status, log, result)

    def _finish(self, number: int, status: str, log: list[str], result: Document) -> None:
        with self._forge.state.edit("forge") as document:
            run = next(run for run in document["runs"] if run["id"] == number)
            now = time.time()
            for job in run["jobs"]:
                ended = job["status"] if job["status"] == "failure" else status
                job |= {"status": ended, "stopped": now}
            ended = run["status"] if run["status"] == "failure" else status
            run |= {"status": ended, "stopped": now, "log": self._masked(document, run, log), **result}

    def _masked(self, document: Document, run: Document, log: list[str]) -> list[str]:
        """The log as a runner keeps it: the secret's value replaced, should a program have printed it."""
        secret = value_for(document, run["repository"], self._forge.names["secret"])
        return [line.replace(secret, "***") if secret else line for line in log]

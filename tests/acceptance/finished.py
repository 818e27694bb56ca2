"""One undisturbed `deploy --auto`, made once for all tests that only read what it left."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.acceptance.desk import Desk, Done, started
from tests.acceptance.outcome import outcome

GLANCE = 0.004  # seconds; a recovery key lives for some tenths


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The folder holds the operator's state, the world's documents and what the commands printed."""

    place: Path
    told: dict[str, Any]

    @property
    def secrets(self) -> list[tuple[str, str]]:
        """(user or "", value) of everything secret that the run met."""
        return [(user, value) for user, value in self.told["secrets"]]

    def done(self, name: str) -> Done:
        """What a command printed and its exit code: deploy, markdown, json, audit, again."""
        return Done(**self.told["commands"][name])

    def records(self) -> list[dict[str, Any]]:
        (journal,) = (self.place / "state" / "runs").glob("*.jsonl")
        return [json.loads(line) for line in journal.read_text().splitlines()]

    def calls(self) -> list[dict[str, Any]]:
        lines = (self.place / "documents" / "calls.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


def kept(place: Path) -> Finished | None:
    """What another worker has made already."""
    told = place / "told.json"
    return Finished(place=place, told=json.loads(told.read_text())) if told.exists() else None


def finish(place: Path) -> Finished:
    """Start a world, deploy to the end, report, and keep everything but the world itself."""
    with started(place / "desk") as desk:
        before = desk.state.read("vault")
        watch = Watch(desk)
        commands = {"deploy": watch.during(lambda: desk.deploy("--auto"))}
        assert commands["deploy"].code == 0, f"{commands['deploy'].out[-2000:]}\n{commands['deploy'].err}"
        words = ("report", "--profile", str(desk.profile))
        commands["markdown"] = desk.invoke(*words, "--junit", str(place / "junit.xml"))
        commands["json"] = desk.invoke(*words, "--json")
        commands["runs"] = desk.invoke("runs")
        commands["doctor"] = desk.invoke("doctor", "--profile", str(desk.profile))
        told = {
            "commands": {name: vars(done) for name, done in commands.items()},
            "outcome": outcome(desk, before),
            "secrets": sorted(watch.secrets | secrets_of(desk)),
            "root": str(desk.root),
            "run": json.loads(desk.journals()[-1].read_text().splitlines()[0])["data"]["run"],
        }
        shutil.copytree(desk.root / "state", place / "documents")
        shutil.copytree(desk.root / "home", place / "home")
        shutil.copytree(desk.root / "tmp", place / "world-tmp")
        shutil.copytree(desk.kept, place / "state")
        shutil.copytree(desk.folder / "tmp", place / "tmp")
        shutil.copytree(desk.folder / "home", place / "operators-home")
        shutil.copy(desk.profile, place / "profile.toml")
    (place / "told.json").write_text(json.dumps(told))
    return Finished(place=place, told=told)


class Watch:
    """Looks at the provider and the registry during a run, for secrets that live only for a moment."""

    def __init__(self, desk: Desk) -> None:
        self._provider = desk.root / "state" / "provider.json"
        self._sessions = desk.root / "host" / "zot" / "data" / "_sessions"
        self._end = Event()
        self.secrets: set[tuple[str, str]] = set()

    def during(self, work: Any) -> Any:
        thread = Thread(target=self._watch)
        thread.start()
        try:
            return work()
        finally:
            self._end.set()
            thread.join()

    def _watch(self) -> None:
        seen = 0
        while not self._end.wait(GLANCE):
            if (changed := self._provider.stat().st_mtime_ns) != seen:
                seen = changed
                provider = json.loads(self._provider.read_text())
                self.secrets |= {("", token["key"]) for token in provider["tokens"].values()}
                self.secrets |= {
                    ("", cookie) for part in ("sessions", "codes", "access_tokens") for cookie in provider[part]
                }
            if self._sessions.is_dir():
                self.secrets |= {("", path.name.removeprefix("session_")) for path in self._sessions.iterdir()}


def secrets_of(desk: Desk) -> set[tuple[str, str]]:
    """Everything secret that the world was made with, and every concealed field of its vault."""
    hidden = desk.world["secrets"]
    found = {("", value) for value in hidden.values() if isinstance(value, str)}
    found |= set(hidden["passwords"].items())
    ci = desk.world["names"]["ci_user"]
    for item in desk.state.read("vault")["items"].values():
        fields = [field for field in item["fields"] if field["type"] == "CONCEALED"]
        found |= {(ci if field["value"].startswith("zak_") else "", field["value"]) for field in fields}
    session_keys = json.loads((desk.root / "host" / "zot" / "session-keys.json").read_text())
    return {(user, value) for user, value in found | {("", v) for v in session_keys.values()} if len(value) > 7}

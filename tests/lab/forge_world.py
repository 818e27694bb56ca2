"""A folder with what the forge needs of a practice world: world.json, a bare repository with history, its documents."""

import contextlib
import json
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from tests import needs
from tests.lab import forgejo_description
from zotops.lab import forge
from zotops.lab.state import State

TOKEN = "token-of-the-owner"
KEY = "zak_0123456789abcdef0123456789abcdef"
REPO = "/repos/practice/platform"
GIT = ("git", "-c", "init.defaultBranch=main")
needs_description = needs.shared(forgejo_description.FILE)


@dataclass(kw_only=True)
class PracticeForge:
    """A running forge: how to ask it, and its world's folder."""

    folder: Path
    client: httpx.Client
    url: str

    def ask(self, method: str, path: str, *, token: str = TOKEN, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"token {token}"} if token else {}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    @property
    def state(self) -> State:
        return State(self.folder / "state")

    def stored(self) -> dict[str, Any]:
        return self.state.read("forge")

    def run_stored(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = next(run for run in self.stored()["runs"] if run["id"] == number)
        return found

    def turn_on(self, **switches: bool) -> None:
        with self.state.edit("quirks") as quirks:
            quirks["forge"] = switches

    def begin_anew(self) -> None:
        """Forget what earlier tests did over the API; the repository keeps its commits."""
        with self.state.edit("quirks") as quirks, self.state.edit("forge") as document:
            quirks.clear()
            document.clear()
            document.update(forge.initial(json.loads((self.folder / "world.json").read_text())), build_seconds=0)

    def commit(self, files: Mapping[str, str | None], message: str = "Change") -> str:
        return commit(self.folder, files, message)

    def put_key(self, value: str = KEY) -> None:
        assert self.ask("PUT", f"{REPO}/actions/secrets/ZOT_CI_API_KEY", json={"data": value}).is_success

    def dispatch(self, workflow: str = "build-container.yaml", **inputs: str) -> int:
        body = {"ref": "main", "inputs": {"container": "nettest", **inputs}, "return_run_info": True}
        answer = self.ask("POST", f"{REPO}/actions/workflows/{workflow}/dispatches", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def finished(self, number: int, within: float = 15) -> dict[str, Any]:
        return self.until(number, lambda run: bool(run["stopped"]), within)

    def until(self, number: int, wanted: Any, within: float = 15) -> dict[str, Any]:
        end = time.monotonic() + within
        while not wanted(run := self.run_stored(number)):
            assert time.monotonic() < end, f"still {run['status']}: {run['log']}"
            time.sleep(0.01)
        return run


def make_world(
    folder: Path, *, registry: str = "http://127.0.0.1:1", url: str = "http://127.0.0.1:1"
) -> dict[str, Any]:
    world: dict[str, Any] = {
        "root": str(folder),
        "registry": {"url": registry},
        "forge": {"url": url},
        "names": {
            "branch": "main",
            "ci_user": "zot-ci",
            "owner": "practice",
            "repo": "platform",
            "secret": "ZOT_CI_API_KEY",
            "image_namespace": "practice",
            "container": "nettest",
        },
        "secrets": {"forge_token": TOKEN, "argocd_token": "a", "deploy_token": "d"},
    }
    folder.mkdir(exist_ok=True)
    (folder / "world.json").write_text(json.dumps(world))
    with State(folder / "state").edit("forge") as document:
        document.update(forge.initial(world), build_seconds=0)
    bare = folder / "forge" / "platform.git"
    git(folder, "init", "--quiet", "--bare", "--template=", str(bare))
    commit(folder, forge.workflows.files(world), "Add the container and its builds")
    return world


def commit(folder: Path, files: Mapping[str, str | None], message: str) -> str:
    """Commit texts (None removes a file) to main of the bare repository in one go; the commit's full id."""
    bare = folder / "forge" / "platform.git"
    has_parent = (bare / "refs" / "heads" / "main").exists()
    stream = f"commit refs/heads/main\ncommitter Sam <sam@practice.example> {int(time.time())} +0000\n"
    stream += _data(message + "\n") + ("from refs/heads/main^0\n" if has_parent else "")
    for path, text in files.items():
        stream += f"D {path}\n" if text is None else f"M 100644 inline {path}\n{_data(text)}"
    git(bare, "fast-import", "--quiet", stdin=stream)
    return git(bare, "rev-parse", "main").strip()


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def git(folder: Path, *words: str, stdin: str = "") -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        [*GIT, *words], cwd=folder, env=environment, check=True, capture_output=True, text=True, input=stdin
    ).stdout


@contextlib.contextmanager
def practice_forge(folder: Path, **settings: str) -> Iterator[PracticeForge]:
    """Make a world and serve its forge; an existing world is served as it is."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    if not (folder / "world.json").exists():
        make_world(folder, url=url, **settings)
    server = uvicorn.Server(uvicorn.Config(forge.app(folder), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        hooks = {"response": [_describe]} if forgejo_description.FILE.is_file() else {}
        with httpx.Client(base_url=url, trust_env=False, event_hooks=hooks) as client:
            yield PracticeForge(folder=folder, client=client, url=url)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def must_match(method: str, path: str, answer: httpx.Response) -> None:
    """Hold an answer to the description of this very path."""
    assert re.fullmatch(re.sub(r"{\w+}", r"[^/]+", path), answer.request.url.path.removeprefix("/api/v1"))
    assert answer.request.method == method
    assert forgejo_description.must_match(answer)


def _describe(answer: httpx.Response) -> None:
    answer.read()
    if answer.headers.get("content-type", "").startswith("application/json") or not answer.content:
        forgejo_description.must_match(answer)

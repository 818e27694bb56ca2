"""Hardened worlds to verify: the stand-in's always, a real zot's beside it where ZOTOPS_ZOT names one."""

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.lab.registry_world import REAL
from zotops.lab import vault
from zotops.lab import world as lab
from zotops.lab.first_key import Browser, make_key
from zotops.lab.names import NAMES
from zotops.lab.state import State
from zotops.profile import Profile
from zotops.profile_file import read_profile
from zotops.systems.zot import with_key
from zotops.world import Secret

ROOT = Path(__file__).parents[2]
INVOKE = Path(sys.executable).parent / "invoke"
KINDS = ["stand-in", *(["real"] if REAL else [])]
ADMIN, CI, GUEST = (NAMES[role] for role in ("admin_user", "ci_user", "guest"))


@dataclass(frozen=True)
class Done:
    """How a call of verify ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def only(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["registries"][0]
        return found

    def said(self, verdict: str) -> list[str]:
        """The sentences with that verdict, findings apart."""
        return [one["says"] for one in self.only["checks"] if one["verdict"] == verdict and not one["advisory"]]


@dataclass(frozen=True)
class Hardened:
    """A running hardened world."""

    root: Path

    @property
    def profile(self) -> Profile:
        return read_profile(self.root / "profile.toml")

    @property
    def state(self) -> State:
        return State(self.root / "state")

    def make_key(self, user: str) -> str:
        """A key of that user, made by a real sign-in, even of one whom the provider would not let in."""
        described = json.loads((self.root / "world.json").read_text())
        before = self.state.read("provider")["bindings"]
        with self.state.edit("provider") as document:
            own = {**before[0], "pk": str(uuid.uuid4()), "group": None, "user": user, "order": 99}
            document["bindings"].append(own)
        key = make_key({**described, "names": {**described["names"], "ci_user": user}})
        with self.state.edit("provider") as document:
            document["bindings"] = before
        return key

    def end_key(self, user: str, key: str) -> None:
        """Delete a key by itself."""
        login = {"Authorization": with_key(user, Secret(key)).headers["Authorization"].reveal()}
        url, browser = f"{self.profile.registry.url}/zot/auth/apikey", Browser()
        _, _, listed = browser.ask(url, headers=login)
        newest = max(json.loads(listed)["apiKeys"], key=lambda row: row["createdAt"])
        browser.ask(f"{url}?id={newest['uuid']}", method="DELETE", headers=login)
        status, _, _ = browser.ask(url, headers=login)
        assert status == HTTPStatus.UNAUTHORIZED, "another key than this one was deleted"

    def name_logins(self, **keys: str) -> None:
        """Put keys into the vault, and name them in the profile: `guest`, `admin`, `dead`."""
        item = self.profile.secrets.own_item
        with self.state.edit("vault") as document:
            for who, key in keys.items():
                vault.set_value(document, item, f"{who}-key", key)
        listed = "".join(f'"{item}/{who}-key", ' for who in keys)
        lines = [f'{who}_key = "{item}/{who}-key"' for who in keys]
        path, admin = self.root / "profile.toml", [f'admin = "{ADMIN}"'] if "admin" in keys else []
        text = path.read_text().replace("unattended = [", f"unattended = [{listed}")
        path.write_text("\n".join([text, "[verify]", *admin, *lines, ""]))

    def verify(self, *words: str, own: bool = True, **environment: str) -> Done:
        """Call it as typed, with nobody there. Without `own`: only for the profiles that the words name."""
        return self.call("verify", *words, own=own, **environment)

    def call(self, command: str, *words: str, own: bool = True, **environment: str) -> Done:
        """Any command that takes a profile, as typed, with nobody there."""
        named = ["--profile", str(self.root / "profile.toml")] if own else []
        done = subprocess.run(
            [INVOKE, command, *named, *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def storage(self) -> dict[str, str]:
        """Every file and folder of the registry's storage, `meta.db` aside."""
        data = self.root / "host" / "zot" / "data"
        return {
            str(path.relative_to(data)): sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            for path in sorted(data.rglob("*"))
            if path.name != "meta.db"
        }

    def calls(self, program: str) -> list[dict[str, Any]]:
        lines = (self.root / "state" / "calls.jsonl").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call["program"] == program]


def with_lines(world: Hardened, folder: Path, lines: str) -> str:
    """The world's profile with these lines at the end of its file."""
    path = folder / "other.toml"
    path.write_text(f"{(world.root / 'profile.toml').read_text()}\n{lines}\n")
    return str(path)


def handed(world: Hardened, folder: Path, place: str) -> str:
    """The same with CI's key handed over in that place: `file = "…"` or `variable = "…"`."""
    return with_lines(world, folder, f'[[secrets.environment]]\nref = "{world.profile.current_key.secret}"\n{place}\n')


def public(world: Hardened) -> list[str]:
    """The catalog and all tags, as anybody sees them."""
    registry = world.profile.registry.url
    with urllib.request.urlopen(f"{registry}/v2/_catalog") as reply:
        names = json.loads(reply.read())["repositories"]
    found = []
    for name in names:
        with urllib.request.urlopen(f"{registry}/v2/{name}/tags/list") as reply:
            found.append(f"{name}: {sorted(json.loads(reply.read())['tags'])}")
    return sorted(found)


@contextmanager
def hardened(root: Path, kind: str = "stand-in", state: lab.StartState = "hardened") -> Iterator[Hardened]:
    """A world as after a finished deployment; `half`: without any rules so far."""
    lab.make(root, state=state, zot=Path(str(REAL)) if kind == "real" else None)
    with lab.start(root):
        yield Hardened(root.resolve())

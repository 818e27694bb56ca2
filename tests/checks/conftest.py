"""A registry that answers from a table, and zotops' view of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.systems.outside import KEY, Safe, Table, TableServer, nobody_listens, profile_of, tabled, world_of
from zotops.looking import made
from zotops.model import Check, Evidence, Facts
from zotops.profile import Profile
from zotops.world import World

IMAGE = "/v2/practice/nettest"
LIST_KEYS = "GET /zot/auth/apikey"
DENIED = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
REFUSED = (401, DENIED)
IS_REGISTRY = {"Docker-Distribution-API-Version": "registry/2.0"}

# A hardened registry (zot 2.1.20, measured); a test changes single lines.
HARDENED: Table = {
    "nobody GET /v2/": (200, b"", IS_REGISTRY),
    "key GET /v2/": (200, b"", IS_REGISTRY),
    "GET /v2/": REFUSED,
    "nobody GET /v2/_catalog": (200, {"repositories": ["practice/nettest"]}),
    "other GET /v2/_catalog": REFUSED,
    f"GET {IMAGE}/tags/list": (200, {"name": "practice/nettest", "tags": ["v0", "v1"]}),
    f"PUT {IMAGE}/manifests/unused": REFUSED,
    f"PUT {IMAGE}/manifests/v1": REFUSED,
    f"PUT {IMAGE}/manifests/digest?tag=v1": REFUSED,
    f"DELETE {IMAGE}/manifests/unused": REFUSED,
    f"key PUT {IMAGE}/manifests/unused": 415,
    f"key PUT {IMAGE}/manifests/v1": 403,
    f"key PUT {IMAGE}/manifests/digest?tag=v1": 403,
    f"key DELETE {IMAGE}/manifests/unused": 403,
    "GET /zot/auth/apikey": 500,
    "other GET /zot/auth/apikey": 401,
    "GET /zot/auth/login?provider=oidc": (302, b"", {"Location": "/there"}),
    "GET /zot/auth/login?provider=zotops-has-no-such-provider": 400,
    "GET /metrics": (200, b"up 1\n"),
}


@dataclass(frozen=True)
class Here:
    """The table's server, the profile that leads to it, and the world seen through it."""

    server: TableServer
    profile: Profile
    safe: Safe
    world: World

    def look(self, check: Check, facts: Facts | None = None) -> Evidence:
        """As the runner makes a check: what cannot be reached is UNKNOWN."""
        return made(check, self.world, facts or {})


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Callable[..., Here]]:
    """`answers({line: answer})`: a hardened registry with these lines changed; with `key=""` the vault is empty.

    `used`: the listed key that is the caller's; each time the list is asked for it has just been used.
    """
    with ExitStack() as stack:

        def answering(changes: Table | None = None, *, key: str = KEY, used: dict[str, Any] | None = None) -> Here:
            server = stack.enter_context(tabled({**HARDENED, **(changes or {})}))
            server.before_answer = partial(_use, {} if used is None else used)
            profile = profile_of(tmp_path, registry=server.url)
            safe = Safe({profile.current_key.secret: key})
            return Here(server=server, profile=profile, safe=safe, world=world_of(profile, safe))

        yield answering


def _use(row: dict[str, Any], line: str) -> None:
    if line == LIST_KEYS:
        row["lastUsed"] = datetime.now(UTC).isoformat()


@pytest.fixture
def nowhere(tmp_path: Path) -> Here:
    """A profile that leads to nobody."""
    with TableServer({}) as server:
        pass
    url = nobody_listens()
    profile = profile_of(tmp_path, registry=url, provider=url)
    safe = Safe({profile.current_key.secret: KEY, profile.provider_token: "token"})
    return Here(server=server, profile=profile, safe=safe, world=world_of(profile, safe))


def one_address(profile: Profile) -> Profile:
    """The same profile without further front doors."""
    return msgspec.structs.replace(profile, registry=msgspec.structs.replace(profile.registry, addresses=()))

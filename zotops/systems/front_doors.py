"""Every address under which the registry can be reached, each asked from where it can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zotops.errors import Unreachable
from zotops.profile import Profile
from zotops.systems.server import RegistryHost
from zotops.systems.zot import Zot, open_zot
from zotops.world import Reply, World


@dataclass(frozen=True, kw_only=True)
class FromTheServer:
    """An Http whose requests are made by curl on the registry's machine; for requests without body and secret."""

    host: RegistryHost

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,
    ) -> Reply:
        """As Http.send."""
        if body:
            raise Unreachable(f"{url} can only be asked from the server, which is sent no bodies")
        return self.host.send(method, url, headers=headers, timeout=timeout)


@dataclass(frozen=True, kw_only=True)
class FrontDoor:
    """One address; `name` says it to people."""

    name: str
    zot: Zot


def front_doors(world: World, profile: Profile) -> tuple[FrontDoor, ...]:
    """The main address and all others. Secrets go to the main one only."""
    return (
        FrontDoor(name=profile.registry.url, zot=open_zot(world, profile)),
        *(
            FrontDoor(
                name=_named(address.url, address.reached_from),
                zot=door_at(world, profile, address.url, address.reached_from),
            )
            for address in profile.registry.addresses
        ),
    )


def door_at(world: World, profile: Profile, url: str, reached_from: str) -> Zot:
    """The registry at another address, asked from here or from the server."""
    if reached_from == "here":
        return Zot(http=world.http, url=url)
    return Zot(http=FromTheServer(host=RegistryHost(world=world, profile=profile)), url=url)


def _named(url: str, reached_from: str) -> str:
    return url if reached_from == "here" else f"{url} (from the server)"

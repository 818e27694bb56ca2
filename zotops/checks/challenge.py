"""Are clients told that they may sign in?"""

from __future__ import annotations

from dataclasses import dataclass

from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, World, judged
from zotops.profile import Profile
from zotops.systems.front_doors import door_at
from zotops.systems.zot import Zot, open_zot

HEADER = "www-authenticate"


@dataclass(frozen=True, kw_only=True)
class ClientsAreAskedToSignIn(Check):
    """`GET /v2/` carries the challenge that skopeo and others wait for before they send credentials.

    zot sends it with its 200, too; a proxy that drops it breaks CI's pushes by skopeo, and nothing else (measured).
    """

    profile: Profile

    def __str__(self) -> str:
        return "clients are told how to sign in"

    @property
    def look(self) -> Look:
        """The headers of the ping."""
        return Look(
            command=f"curl -si {self.profile.registry.url}/v2/ | grep -i {HEADER}",
            want='WWW-Authenticate: Basic realm="zot"',
            otherwise=(
                Otherwise(
                    answer="nothing",
                    means="skopeo never sends its key: sign-in is off, or a proxy drops the header",
                    fault="proxy-strips-the-challenge",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """At the main address; on the server itself beside it, to tell who drops the header."""
        del facts
        here = _challenge(open_zot(world, self.profile))
        if here.lower().startswith("basic"):
            return judged(True, expected="WWW-Authenticate: Basic", observed=here)
        there = self._on_the_server(world)
        dropped = there.lower().startswith("basic")
        return judged(
            False,
            expected="WWW-Authenticate: Basic",
            observed=f"{here or 'no such header'} here; on the server itself {there or 'none'}",
            likely="a proxy before the registry drops the header" if dropped else "the registry asks nobody to sign in",
            remedy=(
                "let the proxy pass WWW-Authenticate on"
                if dropped
                else "look at http.auth in the configuration, and whether the process is younger than the file"
            ),
        )

    def _on_the_server(self, world: World) -> str:
        try:
            return _challenge(door_at(world, self.profile, self.profile.server.local_url, "server"))
        except Unreachable as error:
            return error.what


def _challenge(zot: Zot) -> str:
    return zot.ping().headers.get(HEADER, "")

"""Is the registry there, and what state is it in: open, half hardened, or hardened?"""

from __future__ import annotations

from zotops.checks.probing import LET_THROUGH, NOT_SIGNED_IN, NOT_THERE, OK
from zotops.model import Check, Evidence, Fact, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile
from zotops.systems.zot import ANONYMOUS, open_zot
from zotops.systems.zot_keys import ask_key_api
from zotops.systems.zot_login import NO_SUCH_PROVIDER
from zotops.world import World

REGISTRY_STATE = Fact("registry-state")
# What a registry with sign-in says of a provider that it has not; one without sign-in says 404.
NO_SUCH = 400


class RegistryIsReachable(OfProfile, Check):
    """Something that speaks the registry's protocol answers at the main address."""

    def __str__(self) -> str:
        return "the registry answers"

    @property
    def look(self) -> Look:
        """The protocol's own ping."""
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' {self.profile.registry.url}/v2/",
            want="200",
            otherwise=(
                Otherwise(answer="000", means="nothing listens there", fault="registry-does-not-come-back"),
                Otherwise(
                    answer="502",
                    means="the proxy is there, the registry behind it is not",
                    fault="registry-does-not-come-back",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """200, or the refusal of a registry that lets nobody in."""
        del facts
        reply = open_zot(world, self.profile).ping()
        is_registry = "docker-distribution-api-version" in reply.headers or "www-authenticate" in reply.headers
        return judged(
            reply.status in {OK, NOT_SIGNED_IN} and is_registry,
            expected="200 to GET /v2/, from a registry",
            observed=str(reply.status) + ("" if is_registry else ", without a registry's headers"),
            likely="the address leads to something else",
            remedy=f"look at {self.profile.registry.url} in a browser, and at `registry.url` in the profile",
        )


class CurrentState(OfProfile, Check):
    """What state the registry is in; passes whenever it can be told, because any of them may be the start."""

    def __str__(self) -> str:
        return "the registry's state can be told"

    @property
    def look(self) -> Look:
        """A push of nothing by nobody tells most of it."""
        registry = self.profile.registry
        return Look(
            command=(
                "curl -s -o /dev/null -w '%{http_code}' -X PUT -H 'Content-Type: text/plain' "
                f"{registry.url}/v2/{registry.image}/manifests/unused"
            ),
            want="415 (open: anybody may write) or 401 (judged)",
            otherwise=(Otherwise(answer="000", means="nothing listens there", fault="registry-does-not-come-back"),),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """The same four questions, all asked by nobody; FAILED when the answers are not a registry's."""
        del facts
        zot = open_zot(world, self.profile)
        write = zot.probe_create(self.profile.registry.image, ANONYMOUS).status
        read = zot.catalog().status
        keys = ask_key_api(zot).status
        login = zot.send("GET", NO_SUCH_PROVIDER).status
        seen = f"by nobody: write {write}, read {read}, key API {keys}, sign-in {login}"
        expected = "open, half hardened or hardened"
        if write not in LET_THROUGH["create"] | {NOT_SIGNED_IN}:
            return judged(
                False,
                expected=expected,
                observed=seen,
                likely="something before the registry answers in its place",
                remedy=f"look past it: ask {self.profile.server.local_url} on {self.profile.server.ssh} itself",
            )
        state = _state(writes=write != NOT_SIGNED_IN, reads=read == OK, keys=keys != NOT_THERE, login=login == NO_SUCH)
        return judged(True, expected=expected, observed=f"{state}: {seen}", facts={REGISTRY_STATE: state.split()[0]})


def _state(*, writes: bool, reads: bool, keys: bool, login: bool) -> str:
    if writes and not keys and not login:
        return "open (anybody may do anything)"
    if not writes and reads and keys and login:
        return "hardened"
    missing = [
        text
        for holds, text in (
            (not writes, "anybody may write"),
            (reads, "nobody may pull without signing in"),
            (keys, "there is no key API"),
            (login, "there is no sign-in"),
        )
        if not holds
    ]
    return f"half hardened ({', '.join(missing)})"

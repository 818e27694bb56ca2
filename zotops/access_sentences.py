"""The cells of the access matrix grouped into the sentences that people use, each with its twin; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zotops.access_matrix import (
    ADMIN,
    CI,
    DEAD,
    EMPTY,
    FORGED,
    GUEST,
    NOBODY,
    STRANGER,
    Cell,
    Principal,
    plants,
    principals,
)
from zotops.profile import Profile, RightName

WRITES: tuple[RightName, ...] = ("create", "update", "delete")
VERBS: dict[RightName, str] = {
    "read": "read",
    "create": "push new tags",
    "update": "overwrite a tag",
    "delete": "delete",
}
NO_MIRROR = "a mirror's prefix: there is none"
NOBODY_WRITES = "nobody may write without a key, at any address"
MADE_UP = "a made-up key may nothing"
KEY_API = "the registry has API keys"
ANYBODY = frozenset({NOBODY, EMPTY})
BAD = frozenset({STRANGER, FORGED})


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """What some cells say together. `twins`: the principals whose same requests show that the registry judges."""

    name: str
    says: str
    principals: frozenset[str]
    asks: frozenset[str] = frozenset()
    rights: frozenset[RightName] = frozenset()
    only_planting: bool = False
    twins: frozenset[str] = frozenset()
    likely: str
    remedy: str

    @property
    def advisory(self) -> bool:
        """A weakness that the profile's own tiers allow."""
        return self.only_planting

    def holds(self, cell: Cell) -> bool:
        """Whether the cell is one of this sentence's."""
        return cell.principal.id in self.principals and self._is_about(cell)

    def is_twin(self, cell: Cell) -> bool:
        """Whether the cell shows that the same request is judged."""
        return cell.principal.id in self.twins and self._is_about(cell)

    def _is_about(self, cell: Cell) -> bool:
        if self.only_planting:
            return plants(cell)
        return cell.ask.id in self.asks or cell.ask.right in self.rights


def says_right(who: str, right: RightName, *, allowed: bool) -> str:
    """The sentence about one right of somebody with a key."""
    return f"{who} may {'' if allowed else 'not '}{VERBS[right]}"


def says_taken(user: str) -> str:
    """The sentence about somebody's key."""
    return f"the registry takes this key for {user}"


def says_read(*, allowed: bool) -> str:
    """The sentence about reading without credentials."""
    return "anybody may read" if allowed else "nobody may read without signing in"


def says_planting(profile: Profile) -> str:
    """The sentence about images among those that are fetched from elsewhere."""
    below = ", ".join(mirror.prefix for mirror in profile.registry.mirrors)
    return f"{profile.ci.name} may not push below {below or NO_MIRROR}"


def sentences(profile: Profile) -> tuple[Sentence, ...]:
    """Every sentence of the matrix; which of them have cells depends on who asks."""
    found = [*_of_nobody(profile), *_of_bad_credentials(profile)]
    for principal in principals(profile):
        if principal.id in {CI, GUEST, ADMIN}:
            found += _of_holder(profile, principal)
    found.append(
        Sentence(
            name="access.planting",
            says=says_planting(profile),
            principals=frozenset({CI}),
            only_planting=True,
            likely="the pattern that lets CI push covers the mirrors' prefixes as well",
            remedy="give each mirror's prefix a pattern of its own in http.accessControl, with `read` only",
        )
    )
    return tuple(found)


def _of_nobody(profile: Profile) -> Iterator[Sentence]:
    allowed = frozenset(profile.tiers.anonymous)
    reads = "read" in allowed
    yield Sentence(
        name="access.nobody.read",
        says=says_read(allowed=reads),
        principals=ANYBODY,
        asks=frozenset({"ping"}),
        rights=frozenset({"read"}),
        likely=f"anonymousPolicy {'is missing or does not name' if reads else 'names'} `read`",
        remedy="look at http.accessControl in the registry's configuration",
    )
    refused = [right for right in WRITES if right not in allowed]
    if refused:
        verbs = "write" if len(refused) == len(WRITES) else " or ".join(VERBS[right] for right in refused)
        yield Sentence(
            name="access.nobody.write",
            says=NOBODY_WRITES.replace("write", verbs),
            principals=ANYBODY,
            rights=frozenset(refused),
            likely="the registry still runs without accessControl, or anonymousPolicy names more than it should",
            remedy="look at http.accessControl in the file, and whether the process is younger than the file",
        )
    for right in WRITES:
        if right in allowed:
            yield Sentence(
                name=f"access.nobody.{right}",
                says=f"anybody may {VERBS[right]}",
                principals=ANYBODY,
                rights=frozenset({right}),
                likely=f"anonymousPolicy does not name `{right}`",
                remedy="look at http.accessControl in the registry's configuration",
            )
    yield Sentence(
        name="access.docker",
        says="Docker's client is asked to sign in",
        principals=ANYBODY,
        asks=frozenset({"ping-docker"}),
        likely="authentication is off, or the version is older than 2.1.17: `docker login` then takes any password",
        remedy="look at http.auth in the registry's configuration, and at its version",
    )
    yield Sentence(
        name="access.key-api",
        says=KEY_API,
        principals=ANYBODY,
        asks=frozenset({"keys"}),
        likely="http.auth.apikey is missing, or the registry still runs with its old configuration",
        remedy="look at http.auth in the configuration, and whether the process is younger than the file",
    )


def _of_bad_credentials(profile: Profile) -> Iterator[Sentence]:
    everything = frozenset({"ping", "ping-docker", "keys"})
    yield Sentence(
        name="access.made-up",
        says=MADE_UP,
        principals=BAD,
        asks=everything,
        rights=frozenset({"read", *WRITES}),
        likely="the registry judges no credentials: authentication is off",
        remedy="look at http.auth in the configuration, and whether the process is younger than the file",
    )
    if profile.verify.dead_key:
        yield Sentence(
            name="access.dead-key",
            says="a key that is over may nothing",
            principals=frozenset({DEAD}),
            asks=everything,
            rights=frozenset({"read", *WRITES}),
            likely="that key was never revoked, and has not expired",
            remedy=f"delete it on {profile.registry.url}/user/apikey, signed in as {profile.ci.name}",
        )


def _of_holder(profile: Profile, principal: Principal) -> Iterator[Sentence]:
    login, group = principal.login, profile.tiers.ci.group
    user = login.user if login else principal.says
    here, twins = frozenset({principal.id}), frozenset({FORGED})
    yield Sentence(
        name=f"access.{principal.id}.key",
        says=says_taken(user),
        principals=here,
        asks=frozenset({"ping", "ping-docker", "keys"}),
        twins=twins,
        likely="expired, deleted, or made by somebody else",
        remedy=f"make a key signed in as {user}",
    )
    for right in ("read", *WRITES):
        allowed = right in (principal.rights or ())
        yield Sentence(
            name=f"access.{principal.id}.{right}",
            says=says_right(user, right, allowed=allowed),
            principals=here,
            rights=frozenset({right}),
            twins=twins,
            likely=(
                f"{user} is not in the group that has `{right}`, or its policy lacks it"
                if allowed
                else f"a policy of {user}'s groups names `{right}`"
            ),
            remedy=(
                f"look at {user}'s groups at the identity provider, then at http.accessControl; then sign in anew"
                if allowed
                else f"take `{right}` from the policy of {group if principal.id == CI else 'everybody signed in'}, "
                f"or {user} from the other group"
            ),
        )

"""Who may do what at a registry, from the profile's tiers: who asks what where, and the right answers; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from zotops.access_asks import ASKS, BROKEN, NOT_ALLOWED, NOT_SIGNED_IN, NOT_THERE, OK, Ask, Kind
from zotops.model import Login
from zotops.profile import Profile, RightName, parse_ref

Rights: TypeAlias = frozenset[RightName]
NOBODY, EMPTY, STRANGER, FORGED, CI, DEAD, GUEST, ADMIN = (
    "nobody", "empty", "stranger", "forged", "ci", "dead", "guest", "admin",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Somebody who asks. `rights` None: a credential that is refused before any policy is looked at.

    `below_mirrors`: what the server may grant below a mirror's prefix by a pattern that only knows who is signed in.
    """

    id: str
    says: str
    rights: Rights | None = None
    below_mirrors: Rights = frozenset()
    login: Login | None = None
    signed_in: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is asked for: the registry as a whole (no repository), or a repository of some kind."""

    kind: Kind
    repository: str = ""


@dataclass(frozen=True, kw_only=True)
class Address:
    """A front door; `with_secrets`: credentials that are real may be sent there."""

    url: str
    with_secrets: bool
    reached_from: Literal["here", "server"] = "here"

    def __str__(self) -> str:
        return self.url if self.reached_from == "here" else f"{self.url} (from the server)"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One request to make, and the statuses of which each would be right."""

    principal: Principal
    ask: Ask
    place: Place
    address: Address
    expected: frozenset[int]

    def __str__(self) -> str:
        where = f" {self.place.repository}" if self.place.repository else ""
        return f"{self.principal.says}: {self.ask.says}{where} at {self.address}"


_WRITES: Rights = frozenset({"create", "update", "delete"})


def principals(profile: Profile) -> tuple[Principal, ...]:
    """Everybody who asks; the last ones only where the profile names their logins."""
    tiers, signed_in = profile.tiers, frozenset(profile.tiers.signed_in)
    nobody, user = frozenset(tiers.anonymous), profile.ci.name

    def holder(name: str, says: str, login: Login, rights: Rights) -> Principal:
        return Principal(
            id=name, says=says, rights=rights | signed_in, below_mirrors=signed_in, login=login, signed_in=True
        )

    found = [
        Principal(id=NOBODY, says="nobody", rights=nobody, below_mirrors=nobody),
        Principal(id=EMPTY, says="nobody, with an empty secret", rights=nobody, below_mirrors=nobody),
        Principal(id=STRANGER, says="a made-up user"),
        Principal(id=FORGED, says=f"{user} with a made-up key"),
        holder(CI, user, profile.current_key, frozenset(tiers.ci.actions)),
    ]
    named = profile.verify
    if named.dead_key:
        found.append(Principal(id=DEAD, says="a key that is over", login=Login(user, parse_ref(named.dead_key))))
    if named.guest_key:
        login = Login(profile.identity_provider.guest, parse_ref(named.guest_key))
        found.append(holder(GUEST, f"{login.user}, in no group", login, frozenset()))
    if named.admin_key:
        login = Login(named.admin, parse_ref(named.admin_key))
        found.append(holder(ADMIN, f"{login.user}, an admin", login, frozenset(tiers.admins.actions)))
    return tuple(found)


def addresses(profile: Profile) -> tuple[Address, ...]:
    """Every way to the registry. A real credential goes over plain http only where the profile trusts that address."""
    registry = profile.registry

    def door(url: str, reached_from: Literal["here", "server"], *, trusted: bool) -> Address:
        return Address(url=url, reached_from=reached_from, with_secrets=trusted or url.startswith("https://"))

    return (
        door(registry.url, "here", trusted=registry.plain_http_is_trusted),
        *(
            Address(url=each.url, reached_from="server", with_secrets=False)
            if each.reached_from == "server"
            else door(each.url, "here", trusted=each.plain_http_is_trusted)
            for each in registry.addresses
        ),
    )


def places(profile: Profile) -> tuple[Place, ...]:
    """The registry as a whole, an image of ours, what is below each mirror's prefix, and a name that is not there."""
    registry = profile.registry
    return (
        Place(kind="registry"),
        Place(kind="image", repository=registry.image),
        *(
            Place(kind="mirror", repository=f"{mirror.prefix}/{mirror.image.partition(':')[0]}")
            for mirror in registry.mirrors
        ),
        Place(kind="missing", repository=f"{registry.namespace}/zotops-there-is-no-such-image"),
    )


def cells(profile: Profile, *, only: frozenset[str] = frozenset()) -> Iterator[Cell]:
    """Every cell of the matrix. `only`: ids of principals."""
    for address in addresses(profile):
        for principal in principals(profile):
            if (only and principal.id not in only) or (principal.login and not address.with_secrets):
                continue
            for place in places(profile):
                # A bad credential is refused before any policy: asking at one place is enough.
                if principal.rights is None and place.kind not in {"registry", "image"}:
                    continue
                for ask in ASKS:
                    if place.kind in ask.places:
                        right = expected(principal, ask, place)
                        yield Cell(principal=principal, ask=ask, place=place, address=address, expected=right)


def expected(principal: Principal, ask: Ask, place: Place) -> frozenset[int]:
    """The statuses of which each is right (zot 2.1.20, measured)."""
    rights = principal.rights
    if rights is None:
        return frozenset({NOT_SIGNED_IN})
    if ask.right is None:
        return _expected_of_anybody(principal, ask, rights)
    refused = frozenset({NOT_ALLOWED if principal.signed_in else NOT_SIGNED_IN})
    if ask.id == "catalog":
        # One that does not list our image counts as NOT_THERE: a catalog lists only what the caller may read.
        return frozenset({OK}) if "read" in rights else refused | {NOT_THERE}
    if place.kind == "image":
        # Moving a tag shows a right that `overwrite` does not; whoever may overwrite has nothing to gain by it.
        either = ask.id == "move" and "update" in rights
        return ask.through | refused if either else ask.through if ask.right in rights else refused
    through = ask.through | ask.through_elsewhere if place.kind == "mirror" else ask.through_elsewhere
    if (
        place.kind == "mirror"
        and ask.right in rights
        and (ask.right in _WRITES or ask.right not in principal.below_mirrors)
    ):
        return through | refused
    return through if ask.right in rights else refused


def _expected_of_anybody(principal: Principal, ask: Ask, rights: Rights) -> frozenset[int]:
    if principal.signed_in:
        return frozenset({OK})
    if ask.id == "ping":
        return frozenset({OK if rights else NOT_SIGNED_IN})
    # The key API says "not signed in" by 500 where nobody may do something, and by 401 elsewhere.
    return frozenset({NOT_SIGNED_IN, BROKEN}) if ask.id == "keys" else frozenset({NOT_SIGNED_IN})


def plants(cell: Cell) -> bool:
    """Whether being let through would plant images among those that are fetched from elsewhere."""
    return cell.place.kind == "mirror" and cell.ask.right == "create" and cell.principal.id == CI

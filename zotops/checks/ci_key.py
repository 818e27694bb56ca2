"""CI's key as the vault has it, and what every check on it has in common."""

from __future__ import annotations

from collections.abc import Sequence

from zotops.model import Check, Evidence, Login, judged
from zotops.profile import OfProfile, Profile
from zotops.systems.zot import Caller, with_key
from zotops.systems.zot_keys import has_key_form
from zotops.world import Secret, World


class CiKeyCheck(OfProfile, Check):
    """A check made with CI's key: the pending one if there is one, else the current one."""

    @property
    def logins(self) -> Sequence[Login]:
        """Both places where the key may be."""
        return (self.profile.pending_key, self.profile.current_key)


def key_in_hand(world: World, profile: Profile) -> tuple[str, Secret] | None:
    """User and key: the pending key, else the current one; only something that has the form of a key counts."""
    for login in (profile.pending_key, profile.current_key):
        key = world.secrets.read(login.secret)
        if has_key_form(key):
            return login.user, key
    return None


def caller_in_hand(world: World, profile: Profile) -> Caller | None:
    """The key in hand as a caller of the registry."""
    found = key_in_hand(world, profile)
    return None if found is None else with_key(*found)


def no_key(world: World, profile: Profile, expected: str) -> Evidence:
    """FAILED, and why: nothing is there, or something that is no key."""
    strange = [text for text in (_strange(world, place) for place in _places(profile)) if text]
    broken = any("line break" in text for text in strange)
    return judged(
        False,
        expected=expected,
        observed="no key yet" + (f": {'; '.join(strange)}" if strange else ""),
        likely="the key was copied together with the end of its line" if broken else "nobody has made it so far",
        remedy=(
            "put the 36 characters alone into that field"
            if broken
            else f"make one: {profile.registry.url}/user/apikey, signed in as {profile.ci.name}"
        ),
    )


def _places(profile: Profile) -> tuple[tuple[str, Login], ...]:
    secrets = profile.secrets
    return (
        (f"`{secrets.own_title}` pending", profile.pending_key),
        (f"`{secrets.shared_title}` {secrets.key_field}", profile.current_key),
    )


def _strange(world: World, place: tuple[str, Login]) -> str:
    name, login = place
    value = world.secrets.read(login.secret).reveal()
    if not value:
        return ""
    if has_key_form(Secret(value.strip())):
        return f"{name} holds a key with a line break or blank around it"
    return f"{name} holds {len(value)} characters that are no key"

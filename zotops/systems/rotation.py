"""What a rotation finds out about the keys of the CI user, and how it looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from zotops.model import Fact, Facts
from zotops.profile import Profile
from zotops.systems.key_places import CURRENT_ID, EXPIRES, own_field
from zotops.systems.moments import moment
from zotops.systems.zot import Caller, open_zot, with_key
from zotops.systems.zot_keys import Key, Listed, has_key_form, listed_with
from zotops.world import Secret, World

# The key in use when the rotation began: its id, what it is called, its end, the keyed fingerprint of its value.
OLD_KEY_ID = Fact("old-key-id")
OLD_KEY_LABEL = Fact("old-key-label")
OLD_KEY_EXPIRES = Fact("old-key-expires")
OLD_KEY_PRINT = Fact("old-key-print")
# Whether the registry took it then: one of the three below.
OLD_KEY_STATE = Fact("old-key-state")
WORKS, EXPIRED, REFUSED = "works", "expired", "refused"
# When the old key was seen to be gone from the list.
REVOKED_AT = Fact("revoked-at")
# After a leak, commas between: the ids of all keys that were seen beside the new one, and of those that are gone.
OTHER_IDS = Fact("other-ids")
ENDED_IDS = Fact("ended-ids")
# From which moment on nothing of ours should use the old key; and how every key's last use stood then.
CUT_OVER_AT = Fact("cut-over-at")
LAST_USES = Fact("last-uses")
# The forge's runs that had not ended at that moment, by their ids, blanks between, or NONE: each may hold the old key.
CUT_OVER_BUILDS = Fact("cut-over-builds")
NONE = "none"
# What the play that gives CI its copy printed for its host at its end; or that no play is needed for it.
GIVEN = Fact("recap")
BY_API = "set in the forge"
# The further repositories that were given the key: owner/repo, blanks between.
COPIES_GIVEN = Fact("copies-given")

OK, NOT_SIGNED_IN = 200, 401
NEVER = "never"


def ci_caller(profile: Profile, key: Secret) -> Caller:
    """The CI user with that key."""
    return with_key(profile.ci.name, key)


def new_key(world: World, profile: Profile, facts: Facts, print_of: Fact) -> Secret | None:
    """The key whose fingerprint the run knows by that fact: current after the cut-over, pending before it."""
    wanted = facts.get(print_of, "")
    for login in (profile.current_key, profile.pending_key):
        key = world.secrets.read(login.secret)
        if wanted and has_key_form(key) and world.secrets.fingerprint(key) == wanted:
            return key
    return None


def listed_by_new(world: World, profile: Profile, key: Secret) -> Listed:
    """As `listed_with`, at the main address, with a key's value."""
    return listed_with(open_zot(world, profile), ci_caller(profile, key))


def last_uses(keys: Sequence[Key]) -> str:
    """Every key's last use as one text: `id=time`, blanks between; comparable with `moved`."""
    return " ".join(sorted(f"{key.id}={key.last_used.isoformat() if key.last_used else NEVER}" for key in keys))


def moved(before: str, keys: Sequence[Key], *, but: str) -> list[Key]:
    """The keys, apart from the one of id `but`, that were used or made since that text was noted."""
    known = _by_id(before)
    now = _by_id(last_uses(keys))
    return [key for key in keys if key.id != but and known.get(key.id) != now[key.id]]


def kept_id(world: World, profile: Profile) -> str:
    """The id of the current key as the last rotation noted it; "" when there was none."""
    return world.secrets.read(own_field(profile, CURRENT_ID)).reveal()


def kept_expiry(world: World, profile: Profile) -> str:
    """The current key's end as it was noted; "" when it was not."""
    return world.secrets.read(own_field(profile, EXPIRES)).reveal()


def short(key: Key) -> str:
    """How a key is named to people."""
    return f'..{key.id[-4:]} "{key.label}"'


def soak_left(now: datetime, facts: Facts, minutes: float) -> timedelta:
    """How long the old key has to stay quiet yet; zero or less when the time is over."""
    return datetime.fromisoformat(facts[CUT_OVER_AT]) + timedelta(minutes=minutes) - now


def due_day(expires: str, lifetime: int, due: int) -> str:
    """The day of the next rotation, as in 2027-01-20: `due` days after the key was made; "" of an unreadable end."""
    ends = moment(expires)
    return (ends - timedelta(days=lifetime) + timedelta(days=due)).date().isoformat() if ends else ""


def _by_id(text: str) -> Mapping[str, str]:
    return dict(pair.partition("=")[::2] for pair in text.split())

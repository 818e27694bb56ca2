"""Where CI's key is kept: one field of the shared item, and our own item's pending and previous."""

from __future__ import annotations

import hashlib

from zotops.model import Fact
from zotops.profile import Profile, parse_ref
from zotops.systems.zot_keys import has_key_form
from zotops.world import Secret, SecretRef, World

# The shared item's other fields, as preflight found them, or as the storing action found them just before it wrote.
OTHER_FIELDS = Fact("other-fields")
# Keyed fingerprint of the key that this run made.
KEY_PRINT = Fact("key-print")

# Fields of our own item: two keys, then texts that are no secret.
PENDING, PREVIOUS, EXPIRES = "pending", "previous", "expires"
# Day of the next rotation; id of the key in use; ids of the keys that were ended, the newest last, commas between.
DUE, CURRENT_ID, REVOKED = "due", "current-id", "revoked"
OWN_FIELDS = (PENDING, PREVIOUS, EXPIRES, DUE, CURRENT_ID, REVOKED)


def own_field(profile: Profile, name: str) -> SecretRef:
    """A field of our own item."""
    return SecretRef(profile.secrets.own_item, name)


def concealed_fields(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Item to the secrets in it that the profile names; a store that cannot list an item's fields needs to be told."""
    verify, secrets = profile.verify, profile.secrets
    provider = profile.identity_provider
    texts = (
        f"{secrets.shared_item}/{secrets.key_field}",
        *(f"{secrets.own_item}/{name}" for name in (PENDING, PREVIOUS)),
        *(provider.api_token, provider.client_secret, profile.ci.password, profile.forge.token),
        *(verify.guest_key, verify.admin_key, verify.dead_key),
        *secrets.read_by_roles,
    )
    found: dict[str, dict[str, None]] = {}
    for ref in map(parse_ref, filter(None, texts)):
        found.setdefault(ref.item, {})[ref.field] = None
    return {item: tuple(fields) for item, fields in found.items()}


def ids_in(text: str) -> tuple[str, ...]:
    """The ids in the field of ended keys; none in an empty one."""
    return tuple(text.replace(",", " ").split())


def other_fields(world: World, profile: Profile) -> str:
    """The shared item's fields but the key's own, as one comparable text; keyed prints, of no use elsewhere."""
    prints = world.secrets.fingerprints(profile.secrets.shared_item)
    named = ((name, prints[name]) for name in sorted(prints) if name != profile.secrets.key_field)
    return " ".join(f"{name.replace(' ', '_')}={_short(value)}" for name, value in named)


def changed_fields(before: str, now: str) -> list[str]:
    """The names of the fields in which two such texts differ."""
    old, new = (dict(pair.rpartition("=")[::2] for pair in text.split()) for text in (before, now))
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def trouble_with(stored: Secret) -> str:
    """Why a stored text is no key as the registry makes them, in words that do not show it; "" when it is one."""
    if has_key_form(stored):
        return ""
    if not stored:
        return "it is empty"
    if has_key_form(Secret(stored.reveal().strip())):
        return "a line end or a space was stored with it"
    return "it is not `zak_` and 32 hex digits"


def _short(print_: str) -> str:
    return hashlib.sha256(print_.encode()).hexdigest()[:12] if print_ else "empty"

"""How a person uses the store of a profile: its name, and the commands that read it."""

from __future__ import annotations

from inspect import cleandoc

from zotops.profile import Profile, parse_ref
from zotops.systems.key_places import CURRENT_ID, DUE, EXPIRES, OWN_FIELDS, PENDING, PREVIOUS, REVOKED, concealed_fields
from zotops.world import SecretRef


def in_key_chain(profile: Profile) -> bool:
    """Whether secrets are kept in the system's key chain, which knows entries and no items."""
    return profile.secrets.store == "keyring"


def store_name(profile: Profile) -> str:
    """What people call it."""
    return {
        "onepassword": "1Password",
        "keyring": "the key chain",
        "environment": "what is handed over",
    }[profile.secrets.store]


def earlier_values(profile: Profile) -> str:
    """Where a value that was overwritten may still be."""
    return "a backup of the key chain" if in_key_chain(profile) else f"the item's history in {store_name(profile)}"


def read_command(profile: Profile, ref: SecretRef) -> str:
    """What prints a field, and so the secret."""
    secrets = profile.secrets
    if in_key_chain(profile):
        return f"keyring get '{secrets.vault}/{ref.item}' '{ref.field}'"
    if secrets.store == "environment":
        handed = next((one for one in secrets.environment if parse_ref(one.ref) == ref), None)
        return (
            f"cat '{handed.file}'" if handed and handed.file else f"printenv {handed.variable if handed else ref.field}"
        )
    return f"op read 'op://{secrets.vault}/{ref}'"


def length_command(profile: Profile, ref: SecretRef) -> str:
    """What prints how many characters a field has, and none of them."""
    if profile.secrets.store == "onepassword":
        return f"op read --no-newline 'op://{profile.secrets.vault}/{ref}' | LC_ALL=C tr '0-9a-f' 'x' | wc -c"
    # `keyring get` ends its line itself.
    return f"{read_command(profile, ref)} | LC_ALL=C tr '0-9a-f' 'x' | tr -d '\\n' | wc -c"


def own_item_command(profile: Profile) -> str:
    """What shows the texts of our own item, and no secret."""
    secrets = profile.secrets
    if in_key_chain(profile):
        return f"for f in {' '.join(OWN_FIELDS[2:])}; do keyring get '{secrets.vault}/{secrets.own_item}' $f; done"
    return f"op item get {secrets.own_item} --vault {secrets.vault}"


def shared_item_command(profile: Profile) -> str:
    """What shows whether the shared item's other fields are as they were."""
    secrets = profile.secrets
    if in_key_chain(profile):
        others = [name for name in concealed_fields(profile)[secrets.shared_item] if name != secrets.key_field]
        return f"for f in {' '.join(others)}; do keyring get '{secrets.vault}/{secrets.shared_item}' $f | cksum; done"
    return f"op item get {secrets.shared_item} --vault {secrets.vault}"


def make_own_item(profile: Profile) -> str:
    """What to do where our own item is missing."""
    secrets = profile.secrets
    if in_key_chain(profile):
        return "Nothing has to be made: an entry that the key chain does not have counts as an empty field."
    return cleandoc(f"""
        If that item is missing: in 1Password, vault `{secrets.vault}`, make a *Password* item titled
        `{secrets.own_title}` with the empty password fields `{PENDING}` and `{PREVIOUS}` and the empty text fields
        `{EXPIRES}`, `{DUE}`, `{CURRENT_ID}` and `{REVOKED}`, and put its id into the profile as `secrets.own_item`.
        """)

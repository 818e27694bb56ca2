"""What is seen of CI's key: the vault's fields about it, the registry's answers to it, and the forge's secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from zotops.errors import Stop, Unreachable
from zotops.profile import Profile
from zotops.secret_stores.troubles import NO_FIELD, asks_in_vain
from zotops.systems.forgejo import Forgejo
from zotops.systems.key_places import CURRENT_ID, DUE, EXPIRES, PENDING, PREVIOUS, REVOKED, own_field, trouble_with
from zotops.systems.moments import moment
from zotops.systems.rotation import ci_caller
from zotops.systems.zot import Zot, clock_of, made_up_key, open_zot
from zotops.systems.zot_keys import Key, Listed, ask_key_api, listed_with
from zotops.world import Secret, SecretRef, World

OK, NOT_SIGNED_IN = 200, 401


class Answer(Enum):
    """What the registry says to the vault's key."""

    TAKEN = "taken"
    REFUSED = "refused"
    DOWN = "down"
    CANNOT_TELL = "cannot tell"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of the vault. `kept`: the store has such a field; `unread`: why it could not be read, "" when it was."""

    value: Secret = field(default_factory=lambda: Secret(""))
    kept: bool = True
    unread: str = ""

    @property
    def text(self) -> str:
        """What is in a field that is no secret."""
        return self.value.reveal()


@dataclass(frozen=True, kw_only=True)
class InVault:
    """The current key and our own item."""

    key: Field
    pending: Field
    previous: Field
    expires: Field
    due: Field
    current_id: Field
    revoked: Field


@dataclass(frozen=True, kw_only=True)
class AtRegistry:
    """What the registry answered. `now`: by its own clock where `by_its_clock`, else by ours.

    `said`: status of the key's request and of its twin's, or why there was no answer.
    """

    answer: Answer
    said: str
    now: datetime
    by_its_clock: bool
    listed: Listed | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """All keys of the CI user; none when they were not listed."""
        return self.listed.keys if self.listed else ()

    @property
    def current(self) -> Key | None:
        """The vault's key as the registry lists it."""
        return self.listed.own if self.listed else None


@dataclass(frozen=True, kw_only=True)
class AtForge:
    """The forge's secrets by name, each with when it was first made; `unread`: why they are not known.

    `watched`: when the schedule that looks at the key last began a run that ended well, None when no such run was
    seen; `saw_all`: whether every run was seen.
    """

    secrets: dict[str, datetime | None]
    watched: datetime | None = None
    saw_all: bool = True
    unread: str = ""
    kept: bool = True


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One look at everything. `print`: keyed fingerprint of the vault's key."""

    vault: InVault
    registry: AtRegistry
    forge: AtForge
    print: str


def look_at_key(world: World, profile: Profile) -> Seen:
    """Look: the vault field by field, then the registry, then the forge. Nothing is changed but the key's last use."""
    vault = read_vault(world, profile)
    return Seen(
        vault=vault,
        registry=ask_registry(world, profile, vault.key),
        forge=ask_forge(world, profile, vault.key),
        print=world.secrets.fingerprint(vault.key.value),
    )


def read_vault(world: World, profile: Profile) -> InVault:
    """Seven fields, one after another; each call of a vault may ask for a finger, so a locked one is asked once."""
    key = read_field(world, profile.current_key.secret)

    def own(name: str) -> Field:
        return Field(unread=key.unread) if is_locked(key) else read_field(world, own_field(profile, name))

    return InVault(
        key=key,
        pending=own(PENDING),
        previous=own(PREVIOUS),
        expires=own(EXPIRES),
        due=own(DUE),
        current_id=own(CURRENT_ID),
        revoked=own(REVOKED),
    )


def is_locked(key: Field) -> bool:
    """Whether what kept us from the key would keep us from everything else, too."""
    return asks_in_vain(key.unread)


def read_field(world: World, ref: SecretRef) -> Field:
    """One field; that it is not there, or could not be read, is an answer too."""
    try:
        return Field(value=world.secrets.read(ref))
    except Stop as stop:
        return Field(kept=False) if NO_FIELD.search(stop.what) else Field(unread=str(stop))


def ask_registry(world: World, profile: Profile, key: Field) -> AtRegistry:
    """A made-up key first: it tells that the registry is there and judges, and what time it is there."""
    zot = open_zot(world, profile)
    ours = world.clock.now()
    try:
        twin = ask_key_api(zot, made_up_key(profile.ci.name))
    except Unreachable as error:
        return AtRegistry(answer=Answer.DOWN, said=error.what, now=ours, by_its_clock=False)
    there = clock_of(twin)
    answer, said, listed = _answer(zot, profile, key, twin.status)
    return AtRegistry(answer=answer, said=said, now=there or ours, by_its_clock=there is not None, listed=listed)


def _answer(zot: Zot, profile: Profile, key: Field, twin: int) -> tuple[Answer, str, Listed | None]:
    if key.unread or trouble_with(key.value):
        return Answer.NOT_ASKED, "there is no key to ask with", None
    caller = ci_caller(profile, key.value)
    try:
        status = ask_key_api(zot, caller).status
    except Unreachable as error:
        return Answer.CANNOT_TELL, str(error), None
    said = f"{status}; a made-up key: {twin}"
    if twin != NOT_SIGNED_IN or status not in {OK, NOT_SIGNED_IN}:
        return Answer.CANNOT_TELL, said, None
    if status == NOT_SIGNED_IN:
        return Answer.REFUSED, said, None
    try:
        return Answer.TAKEN, said, listed_with(zot, caller)
    except Unreachable as error:
        return Answer.TAKEN, f"{said}; {error.what}", None


def ask_forge(world: World, profile: Profile, key: Field) -> AtForge:
    """The names of the secrets, and when each was first made; an update leaves that time alone."""
    token = Field(unread=key.unread) if is_locked(key) else read_field(world, profile.forge_token)
    if token.unread or not token.value:
        return AtForge(secrets={}, unread=token.unread or "there is no token for it", kept=token.kept)
    forge, workflow = Forgejo(world=world, profile=profile), profile.forge.watched_by
    try:
        rows = forge.secrets()
        runs, saw_all = forge.runs_read() if workflow else ((), True)
    except Stop as stop:
        return AtForge(secrets={}, unread=str(stop))
    well = [moment(run.created) for run in runs if (run.workflow, run.status) == (workflow, "success")]
    return AtForge(
        secrets={name: moment(made) for name, made in rows.items()},
        watched=max(filter(None, well), default=None),
        saw_all=saw_all,
    )

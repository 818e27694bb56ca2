"""After the cut-over: does CI use the new key and nothing else, and is the old one dead?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from zotops.model import Check, Evidence, Facts, Login, Look, Otherwise, judged, not_yet
from zotops.profile import OfProfile
from zotops.systems.builds import from_before, unfinished
from zotops.systems.forgejo import Forgejo, secrets_page
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.rotation import (
    BY_API,
    COPIES_GIVEN,
    CUT_OVER_AT,
    CUT_OVER_BUILDS,
    GIVEN,
    LAST_USES,
    NEVER,
    OLD_KEY_EXPIRES,
    OLD_KEY_ID,
    OLD_KEY_LABEL,
    OLD_KEY_STATE,
    REVOKED_AT,
    WORKS,
    last_uses,
    listed_by_new,
    moved,
    new_key,
    short,
    soak_left,
)
from zotops.systems.zot_keys import PATH, Key
from zotops.world import World

WELL = ("unreachable=0", "failed=0")


class WithNewKey(OfProfile, Check):
    """A check that asks with the new key: its own last use may move, no other."""

    @property
    def logins(self) -> Sequence[Login]:
        """Where the new key is from `promote` on; before that, one more read finds it pending."""
        return (self.profile.current_key,)

    @property
    def list_command(self) -> str:
        """How a person asks for the list; curl asks for the key."""
        return f"curl -su {self.profile.ci.name} {self.profile.registry.url}{PATH}"


class OldKeyStillLives(WithNewKey):
    """Until CI has the new key it lives on the old one: if that has ended, hurry is better than care."""

    def __str__(self) -> str:
        return "the old key lives until CI has the new one"

    @property
    def advisory(self) -> bool:
        """Stopping would only make it longer: CI is refused already."""
        return True

    @property
    def look(self) -> Look:
        """The list, with the new key: asking with the old one would move its last use."""
        return Look(
            command=self.list_command,
            want="the old key, not expired",
            otherwise=(
                Otherwise(
                    answer="it is gone, or isExpired",
                    means="CI is refused until it has the new key: go on at once",
                    fault="old-key-ended-early",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """A key that was dead before the rotation began is no news."""
        expected = "listed, not expired"
        key = new_key(world, self.profile, facts, KEY_PRINT)
        if key is None:
            return not_yet(expected, KEY_PRINT)
        dead = facts.get(OLD_KEY_STATE, WORKS) != WORKS or REVOKED_AT in facts
        listed = listed_by_new(world, self.profile, key)
        found = listed.key(facts.get(OLD_KEY_ID, ""))
        lives = found is not None and not found.expired
        state = "it lives" if lives else "expired" if found else "not listed"
        return judged(
            lives or dead,
            expected=expected,
            observed="it is dead, and meant to be" if dead else state,
            likely="its time is over" if found else "somebody ended it too early, or the registry was restored",
            remedy="CI is refused until it has the new key: go on to `propagate` at once",
            facts=_told_by_its_end(listed.keys, facts) if OLD_KEY_ID not in facts else {},
        )


class CiWasGivenTheKey(WithNewKey):
    """CI's copy was made anew; and from this moment on no other key should be used."""

    def __str__(self) -> str:
        return f"{self.profile.forge.owner}/{self.profile.forge.repo} was given the new key"

    @property
    def look(self) -> Look:
        """What the play says at its end; nothing shows the secret's value."""
        provisioning, forge = self.profile.provisioning, self.profile.forge
        if forge.given_by == "api":
            return Look(command=secrets_page(self.profile), want=f"{forge.secret}, which you have just set")
        return Look(
            command=f"mise run {provisioning.task} -- --tags {provisioning.secrets_tag}",
            want=f"the task `{provisioning.secrets_tasks[0]}`, and at the end unreachable=0 and failed=0",
            otherwise=(
                Otherwise(
                    answer="failed=1",
                    means="one value missing in the vault stops all of it",
                    fault="play-stops-half-way",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Yields how the last use of every key stands now, and which of the forge's runs have not ended."""
        by_api = self.profile.forge.given_by == "api"
        shown = BY_API if by_api else "the play's last line for the host, with unreachable=0 and failed=0"
        expected = f"{shown}; the new key is in the vault"
        recap = facts.get(GIVEN, "")
        if not recap:
            return not_yet(expected, GIVEN)
        key = new_key(world, self.profile, facts, KEY_PRINT)
        had = facts.get(COPIES_GIVEN, "").split()
        without = [f"{copy} was not given it" for copy in self.profile.forge.copies if str(copy) not in had]
        given = recap == BY_API if by_api else all(word in recap for word in WELL)
        well = given and not without
        listed = listed_by_new(world, self.profile, key) if key and well else None
        return judged(
            listed is not None,
            expected=expected,
            observed="; ".join([recap, *([] if key else ["the new key is in neither field"]), *without]),
            likely="a value is missing in the vault, or the play did not reach the host",
            remedy="correct the cause, then run it again",
            facts=self._noted(world, listed.keys) if listed else {},
        )

    def _noted(self, world: World, keys: Sequence[Key]) -> Facts:
        builds = unfinished(Forgejo(world=world, profile=self.profile))
        now = world.clock.now().isoformat(timespec="seconds")
        return {LAST_USES: last_uses(keys), CUT_OVER_AT: now, CUT_OVER_BUILDS: builds}


class OnlyTheNewKeyIsUsed(WithNewKey):
    """By elimination: tags came from CI, and of all keys of the CI user none but the new one has moved."""

    def __str__(self) -> str:
        return f"no key of {self.profile.ci.name} but the new one was used since the cut-over"

    @property
    def look(self) -> Look:
        """The list, with the new key."""
        return Look(
            command=self.list_command,
            want="lastUsed of every other key is older than the cut-over",
            otherwise=(
                Otherwise(
                    answer="another key's lastUsed is newer",
                    means="somebody still pushes with it: find out who before it is ended",
                    fault="consumer-forgotten",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED names the keys that moved, and when."""
        expected = "every other key as it was at the cut-over"
        if LAST_USES not in facts:
            return not_yet(expected, LAST_USES)
        key = new_key(world, self.profile, facts, KEY_PRINT)
        if key is None:
            return not_yet(expected, KEY_PRINT)
        listed = listed_by_new(world, self.profile, key)
        others = moved(facts[LAST_USES], listed.keys, but=listed.own.id)
        return judged(
            not others,
            expected=expected,
            observed="; ".join(f"{short(each)} used {_told(each)}" for each in others)
            or f"of {len(listed.keys) - 1} other none has moved since {facts.get(CUT_OVER_AT, 'then')}",
            likely="a consumer that nobody listed has the old key, or a build from before the cut-over pushed late",
            remedy="find who pushed at that time (the registry's log names the address), give it the new key, then "
            "propagate again: --step propagate",
        )


class OldKeyIsQuiet(WithNewKey):
    """For long enough nothing used the old key, and no build that may still hold it is unfinished."""

    def __str__(self) -> str:
        return f"the old key has been quiet for {self.profile.rotation.soak_minutes:g} minutes"

    @property
    def look(self) -> Look:
        """The list, with the new key, and the forge's page."""
        return Look(
            command=self.list_command,
            want=f"{self.profile.rotation.soak_minutes:g} min after the cut-over its lastUsed is still older",
            otherwise=(
                Otherwise(answer="it is newer", means="somebody still uses it: find out who", fault="old-key-stirs"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED while the time is not over; FAILED with the moment when it was used."""
        expected = (
            f"not used for {self.profile.rotation.soak_minutes:g} minutes after the cut-over, no old build running"
        )
        missing = [fact for fact in (LAST_USES, CUT_OVER_AT, CUT_OVER_BUILDS) if fact not in facts]
        if missing:
            return not_yet(expected, missing[0])
        key = new_key(world, self.profile, facts, KEY_PRINT)
        if key is None:
            return not_yet(expected, KEY_PRINT)
        listed = listed_by_new(world, self.profile, key)
        stirred = [
            each for each in moved(facts[LAST_USES], listed.keys, but=listed.own.id) if self._is_old(each, facts)
        ]
        left = soak_left(world.clock.now(), facts, self.profile.rotation.soak_minutes)
        late = from_before(Forgejo(world=world, profile=self.profile), facts)
        wrong = [
            *(f"{short(each)} was used {_told(each)}" for each in stirred),
            *([f"{left.total_seconds():.0f} s of the time are left"] if left > timedelta(0) else []),
            *(f"run {run.number} ({run.workflow}) from before the cut-over is {run.status}" for run in late),
        ]
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join(wrong) or f"not used since {facts[CUT_OVER_AT]}",
            likely="somebody still has the old key" if stirred else "it is too early",
            remedy="find who it is, give it the new key, then --step propagate" if stirred else "wait, then look again",
        )

    def _is_old(self, key: Key, facts: Facts) -> bool:
        return key.id == facts.get(OLD_KEY_ID, key.id)


def _told_by_its_end(keys: Sequence[Key], facts: Facts) -> Facts:
    """Which key is the old one where nobody noted its id: what ended when that should, or all that has ended."""
    ended = [key for key in keys if key.expired]
    noted = [key for key in ended if key.expires and key.expires.isoformat() == facts.get(OLD_KEY_EXPIRES)]
    told = noted or ended
    return {OLD_KEY_ID: told[0].id, OLD_KEY_LABEL: told[0].label} if len(told) == 1 else {}


def _told(key: Key) -> str:
    return key.last_used.isoformat(timespec="seconds") if key.last_used else NEVER

"""Is the old key dead: gone from the list, and refused?"""

from __future__ import annotations

from collections.abc import Sequence

from zotops.checks.rotation_uses import WithNewKey
from zotops.model import Evidence, Facts, Login, Look, Otherwise, judged, not_yet, unknown
from zotops.systems.key_places import KEY_PRINT, PREVIOUS, ids_in, own_field
from zotops.systems.rotation import (
    ENDED_IDS,
    NOT_SIGNED_IN,
    OK,
    OLD_KEY_ID,
    OLD_KEY_PRINT,
    OTHER_IDS,
    REVOKED_AT,
    ci_caller,
    listed_by_new,
    new_key,
    short,
)
from zotops.systems.zot import open_zot
from zotops.systems.zot_keys import listed_with
from zotops.world import Secret, World


class OldKeyIsGone(WithNewKey):
    """The registry's list, read with the new key, does not have the old one any more; looked at twice."""

    def __str__(self) -> str:
        return f"the old key is no longer among those of {self.profile.ci.name}"

    @property
    def look(self) -> Look:
        """The list, with the new key."""
        return Look(
            command=self.list_command,
            want="the new key, and not the old one",
            otherwise=(
                Otherwise(
                    answer="it is still listed",
                    means="the registry says 200 to every deletion, also where nothing happened",
                    fault="revocation-without-effect",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Yields when it was seen to be gone."""
        expected = "not listed, twice"
        key = new_key(world, self.profile, facts, KEY_PRINT)
        if key is None:
            return not_yet(expected, KEY_PRINT)
        old = facts.get(OLD_KEY_ID, "")
        looks = [listed_by_new(world, self.profile, key) for _ in range(2)]
        still = next((each for listed in looks if (each := listed.key(old))), None)
        unnamed = not old and [each for each in looks[-1].keys if each.expired]
        if unnamed:
            return judged(
                False,
                expected=expected,
                observed=f"which it was is not known; expired and listed: {', '.join(map(short, unnamed))}",
                likely="the key was not made by zotops, so its id was never noted",
                remedy=f"delete what has expired on {self.profile.registry.url}/user/apikey",
            )
        return judged(
            still is None,
            expected=expected,
            observed=f"{short(still)} is listed" if still else f"not among {len(looks[-1].keys)}, 2 of 2 looks",
            likely="not ended yet, or the registry said 200 and did nothing",
            remedy=f"delete it on {self.profile.registry.url}/user/apikey, signed in as {self.profile.ci.name}",
            facts={} if still else {REVOKED_AT: world.clock.now().isoformat(timespec="seconds")},
        )


class OnlyTheNewKeyIsLeft(WithNewKey):
    """After a leak no other key of the CI user may live: it might have been made with the leaked one."""

    def __str__(self) -> str:
        return f"{self.profile.ci.name} has the new key and no other"

    @property
    def look(self) -> Look:
        """The list, with the new key."""
        return Look(
            command=self.list_command,
            want="one key, twice",
            otherwise=(
                Otherwise(
                    answer="more than one",
                    means="not ended, or made meanwhile with the leaked one: end it",
                    fault="leaked-key-not-ended",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Yields which others were ever seen, which of them are gone, whoever ended them, and when none was left."""
        expected = "one key in two lists"
        key = new_key(world, self.profile, facts, KEY_PRINT)
        if key is None:
            return not_yet(expected, KEY_PRINT)
        looks = [listed_by_new(world, self.profile, key) for _ in range(2)]
        alive = {each.id for listed in looks for each in listed.keys}
        others = {each.id: each for listed in looks for each in listed.keys if each.id != listed.own.id}
        seen = dict.fromkeys([*ids_in(facts.get(OTHER_IDS, "")), *ids_in(facts.get(ENDED_IDS, "")), *others])
        found = {OTHER_IDS: ",".join(seen), ENDED_IDS: ",".join(each for each in seen if each not in alive)}
        return judged(
            not others,
            expected=expected,
            observed=", ".join(map(short, others.values())) or f"1 key, in {len(looks)} lists",
            likely="not ended yet, or made meanwhile with the leaked key",
            remedy=f"delete it on {self.profile.registry.url}/user/apikey, signed in as {self.profile.ci.name}",
            facts=found if others else {**found, REVOKED_AT: world.clock.now().isoformat(timespec="seconds")},
        )


class OldKeyIsRefused(WithNewKey):
    """The first use of the old key since the cut-over: refused, while the same request with the new one is taken."""

    def __str__(self) -> str:
        return "the registry refuses the old key, and takes the new one"

    @property
    def logins(self) -> Sequence[Login]:
        """Both keys."""
        return (self.profile.current_key, Login(self.profile.ci.name, own_field(self.profile, PREVIOUS)))

    @property
    def look(self) -> Look:
        """The same request with either key."""
        return Look(
            command=f"curl -su {self.profile.ci.name} -o /dev/null -w '%{{http_code}}' {self.profile.registry.url}/v2/",
            want="401 with the old key, 200 with the new one",
            otherwise=(
                Otherwise(answer="200 with the old key", means="it is alive", fault="backup-restored"),
                Otherwise(answer="401 with the new one", means="the wrong key was ended: make another at once"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """401 twice, 200 for the new one between, and still not listed."""
        expected = "401 twice with the old key, 200 with the new one, the old one not listed"
        new = new_key(world, self.profile, facts, KEY_PRINT)
        if new is None:
            return not_yet(expected, KEY_PRINT)
        zot = open_zot(world, self.profile)
        old = world.secrets.read(own_field(self.profile, PREVIOUS))
        if world.secrets.fingerprint(old) != facts.get(OLD_KEY_PRINT):
            return self._without_value(world, facts, expected, new)
        asked = [zot.ping(ci_caller(self.profile, each)).status for each in (old, new, old)]
        if set(asked) - {OK, NOT_SIGNED_IN}:
            return unknown(expected=expected, observed=f"{asked}, which says nothing about keys")
        listed = (
            listed_with(zot, ci_caller(self.profile, new)).key(facts.get(OLD_KEY_ID, "")) if asked[1] == OK else None
        )
        likely, remedy = _why(asked)
        return judged(
            asked == [NOT_SIGNED_IN, OK, NOT_SIGNED_IN] and listed is None,
            expected=expected,
            observed=f"old {asked[0]}, new {asked[1]}, old {asked[2]}" + ("; the old one is listed" if listed else ""),
            twin=f"the new key, same request: {asked[1]}",
            likely=likely,
            remedy=remedy,
        )

    def _without_value(self, world: World, facts: Facts, expected: str, new: Secret) -> Evidence:
        """Its copy is thrown away already, or was never kept: the list alone then has to do."""
        listed = listed_by_new(world, self.profile, new).key(facts.get(OLD_KEY_ID, ""))
        seen = "it is listed" if listed else "it is not listed" if REVOKED_AT in facts else "nobody saw it end"
        return judged(
            seen == "it is not listed",
            expected=expected,
            observed=f"no copy of the old key is left to try; {seen}",
            likely="the previous field was emptied before this was looked at",
            remedy="end it again: --step revoke",
        )


def _why(asked: Sequence[int]) -> tuple[str, str]:
    """What is likely, and the remedy, when the old key, the new one and the old one again were answered like that."""
    old_lives = OK in (asked[0], asked[2])
    if asked[1] != OK:
        likely = "the wrong key was ended" if old_lives else "the new key was ended as well"
        return likely, "make another at once: invoke rotate-key --new 'the new key does not work'"
    if old_lives:
        return "the registry was restored from a backup, or the key was not ended", "end it again: --step revoke"
    return "its time is over, but it was not ended", "end it: --step revoke"

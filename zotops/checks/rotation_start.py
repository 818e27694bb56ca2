"""Before a rotation: which key is in use, and is nothing of an earlier rotation in the way?"""

from __future__ import annotations

from collections.abc import Sequence

from zotops.checks.ci_key import no_key
from zotops.model import Check, Evidence, Facts, Login, Look, Otherwise, judged, unknown
from zotops.profile import OfProfile
from zotops.systems.key_places import KEY_PRINT, PREVIOUS, own_field
from zotops.systems.moments import moment
from zotops.systems.rotation import (
    EXPIRED,
    NOT_SIGNED_IN,
    OK,
    OLD_KEY_EXPIRES,
    OLD_KEY_ID,
    OLD_KEY_LABEL,
    OLD_KEY_PRINT,
    OLD_KEY_STATE,
    REFUSED,
    WORKS,
    ci_caller,
    kept_expiry,
    kept_id,
    short,
)
from zotops.systems.vault_by_hand import length_command
from zotops.systems.zot import made_up_key, open_zot
from zotops.systems.zot_keys import PATH, has_key_form, listed_with
from zotops.world import World


class CurrentKeyIsKnown(OfProfile, Check):
    """Which key CI pushes with, by its id, and whether the registry still takes it."""

    def __str__(self) -> str:
        return f"it is known which key of {self.profile.ci.name} is in use"

    @property
    def logins(self) -> Sequence[Login]:
        """CI's key."""
        return (self.profile.current_key,)

    @property
    def look(self) -> Look:
        """The list, twice; the key that was asked with is the one whose lastUsed moves."""
        return Look(
            command=f"curl -su {self.profile.ci.name} {self.profile.registry.url}{PATH}",
            want="asked twice, lastUsed of one key moves both times: that is the one in use",
            otherwise=(
                Otherwise(answer="401", means="it has expired or was deleted: `create` then signs in"),
                Otherwise(
                    answer="200 also with a made-up key",
                    means="the registry judges no credentials",
                    fault="credentials-judged-by-nobody",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Yields its id, label, end and fingerprint; of a key that is not taken what was noted when it was made."""
        del facts
        expected = "one key, told by its id; and whether it works"
        key = world.secrets.read(self.profile.current_key.secret)
        if not has_key_form(key):
            return no_key(world, self.profile, expected)
        zot, print_ = open_zot(world, self.profile), world.secrets.fingerprint(key)
        status, twin = zot.ping(ci_caller(self.profile, key)).status, zot.ping(made_up_key(self.profile.ci.name)).status
        if twin != NOT_SIGNED_IN:
            return judged(
                False,
                expected=expected,
                observed=f"{status} with the key",
                twin=f"a made-up key: {twin}",
                likely="the registry judges no credentials, so nothing that it says about keys can be believed",
                remedy="look at http.auth in the registry's configuration",
            )
        if status == NOT_SIGNED_IN:
            return self._dead(world, expected, print_)
        if status != OK:
            return unknown(
                expected=expected, observed=f"{status}, which says neither that it works nor that it does not"
            )
        own = listed_with(zot, ci_caller(self.profile, key)).own
        return judged(
            True,
            expected=expected,
            observed=f"{short(own)} works, until {own.expires:%Y-%m-%d}" if own.expires else f"{short(own)} never ends",
            twin=f"a made-up key: {twin}",
            facts={
                OLD_KEY_ID: own.id,
                OLD_KEY_LABEL: own.label,
                OLD_KEY_EXPIRES: own.expires.isoformat() if own.expires else "",
                OLD_KEY_PRINT: print_,
                OLD_KEY_STATE: WORKS,
            },
        )

    def _dead(self, world: World, expected: str, print_: str) -> Evidence:
        """Not taken any more. What the vault has noted tells whether its time was over."""
        until, known = kept_expiry(world, self.profile), kept_id(world, self.profile)
        ends = moment(until)
        over = ends is not None and ends <= world.clock.now()
        state = EXPIRED if over else REFUSED
        why = f"expired on {until}" if over else "refused although its time is not over: deleted, or somebody else's"
        if until and ends is None:
            why = f"refused, and {until!r}, which is noted as its end, is no day"
        return judged(
            True,
            expected=expected,
            observed=f"401: {why}; `create` signs in as {self.profile.ci.name}",
            facts={
                OLD_KEY_PRINT: print_,
                OLD_KEY_STATE: state,
                OLD_KEY_EXPIRES: until,
                **({OLD_KEY_ID: known} if known else {}),
            },
        )


class NothingIsPending(OfProfile, Check):
    """The pending field is free: nobody else is rotating, and no earlier rotation stopped in the middle."""

    def __str__(self) -> str:
        return f"no key is pending in {self.profile.secrets.own_title!r}"

    @property
    def logins(self) -> Sequence[Login]:
        """Our own item's two keys."""
        return (self.profile.pending_key, Login(self.profile.ci.name, own_field(self.profile, PREVIOUS)))

    @property
    def look(self) -> Look:
        """Its length, without showing it."""
        return Look(
            command=length_command(self.profile, self.profile.pending_key.secret),
            want="0",
            otherwise=(
                Otherwise(
                    answer="36",
                    means="a rotation is under way, or stopped in the middle",
                    fault="pending-filled-by-another",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """A key that this very run made is no obstacle."""
        pending = world.secrets.read(self.profile.pending_key.secret)
        ours = bool(pending) and world.secrets.fingerprint(pending) == facts.get(KEY_PRINT)
        previous = world.secrets.read(own_field(self.profile, PREVIOUS))
        left = "; `previous` still holds an earlier key, which `promote` replaces" if previous else ""
        return judged(
            not pending or ours,
            expected="the pending field is empty",
            observed=("the key that this run made" if ours else "it is filled" if pending else "empty") + left,
            likely="somebody else is rotating, or a rotation stopped after it had made a key",
            remedy="ask who it is; a key that nobody needs is deleted on "
            f"{self.profile.registry.url}/user/apikey; then empty the field",
        )

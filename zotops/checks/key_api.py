"""The registry's API keys: is the interface there, whose is CI's key, and how long does it live?"""

from __future__ import annotations

from datetime import timedelta

from zotops.access_sentences import KEY_API, says_taken
from zotops.checks.ci_key import CiKeyCheck, key_in_hand, no_key
from zotops.checks.probing import NOT_SIGNED_IN, NOT_THERE, OK
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.profile import OfProfile
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.zot import made_up_key, open_zot, with_key
from zotops.systems.zot_keys import (
    KEY_EXPIRES,
    KEY_ID,
    KEY_LABEL,
    PATH,
    Key,
    ask_key_api,
    listed_with,
)
from zotops.world import World

# "Not signed in", where nobody may read something: the server's way of saying it (zot 2.1.20, measured).
NOT_SIGNED_IN_EITHER = 500
# The server's clock and ours need not agree to the second.
SLACK = timedelta(hours=1)


class KeyApiIsThere(OfProfile, Check):
    """People who are signed in can make API keys."""

    def __str__(self) -> str:
        return KEY_API

    @property
    def look(self) -> Look:
        """The list of keys, asked for by nobody."""
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' {self.profile.registry.url}{PATH}",
            want="500 or 401: it is there and one is not signed in",
            otherwise=(
                Otherwise(
                    answer="404",
                    means="keys are not configured: http.auth.apikey, http.auth.openid",
                    fault="build-without-key-api",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """500 with an empty body, or 401, is what nobody gets where keys exist."""
        del facts
        reply = ask_key_api(open_zot(world, self.profile))
        expected = "500 or 401 (not signed in)"
        there = reply.status == NOT_SIGNED_IN or (reply.status == NOT_SIGNED_IN_EITHER and not reply.body)
        if not there and reply.status != NOT_THERE:
            return unknown(expected=expected, observed=f"{reply.status}, which says neither")
        return judged(
            there,
            expected=expected,
            observed=str(reply.status),
            likely="http.auth.apikey is missing, the registry still runs with its old configuration, or it is a build "
            "without keys, in which that option has no effect",
            remedy="look at http.auth in the configuration, whether the process is younger than the file, and at the "
            "registry's version",
        )


class KeyIsCiUsers(CiKeyCheck):
    """The key was made by the CI user: under its name no other user's key is taken."""

    def __str__(self) -> str:
        return says_taken(self.profile.ci.name)

    @property
    def look(self) -> Look:
        """The protocol's ping, as CI."""
        return Look(
            command=f"curl -su {self.profile.ci.name} -o /dev/null -w '%{{http_code}}' {self.profile.registry.url}/v2/",
            want="200",
            otherwise=(
                Otherwise(
                    answer="401",
                    means="made while signed in as somebody else, expired, or deleted",
                    fault="key-of-another-user",
                ),
                Otherwise(
                    answer="200 also with a made-up key",
                    means="the registry judges no credentials",
                    fault="proxy-drops-credentials",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """200 with the key, 401 with a made-up one."""
        expected = "200 to GET /v2/"
        found = key_in_hand(world, self.profile)
        if found is None:
            return no_key(world, self.profile, expected)
        zot = open_zot(world, self.profile)
        status = zot.ping(with_key(*found)).status
        twin = zot.ping(made_up_key(self.profile.ci.name)).status
        judges = twin == NOT_SIGNED_IN
        if status not in {OK, NOT_SIGNED_IN}:
            return unknown(
                expected=expected, observed=f"{status}, which says neither that it works nor that it does not"
            )
        label = facts.get(KEY_LABEL, "the key just made")
        return judged(
            status == OK and judges,
            expected=expected,
            observed=str(status),
            twin=f"a made-up key: {twin}" + (", so the registry is there and judges" if judges else ""),
            likely=(
                "expired, deleted, or made by somebody else; then it has that person's rights"
                if judges
                else "the registry judges no credentials"
            ),
            remedy=(
                f'on {self.profile.registry.url}/user/apikey delete "{label}" of whoever was signed in, sign out, '
                f"and make it again as {self.profile.ci.name}"
                if judges
                else "look at http.auth in the registry's configuration"
            ),
        )


class CiKeyIsListed(CiKeyCheck):
    """The key stands in the CI user's list and ends within the time that the profile gives it."""

    def __str__(self) -> str:
        return f"listed for {self.profile.ci.name}, expires within {self.profile.rotation.lifetime_days} days"

    @property
    def look(self) -> Look:
        """The list, as CI; the lastUsed of the key that it is asked for with moves each time."""
        return Look(
            command=f"curl -su {self.profile.ci.name} {self.profile.registry.url}{PATH}",
            want=f"the key, with an expirationDate at most {self.profile.rotation.lifetime_days} days from now",
            otherwise=(
                Otherwise(
                    answer="0001-01-01T00:00:00Z",
                    means="it never expires: make another, with an expiry",
                    fault="key-without-expiry",
                ),
                Otherwise(
                    answer="401",
                    means="made while signed in as somebody else, expired, or deleted",
                    fault="key-of-another-user",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Yields the key's id, label and expiry, and the fingerprint of its value."""
        days = self.profile.rotation.lifetime_days
        expected = f"in the list, with an expiry within {days} days"
        found = key_in_hand(world, self.profile)
        if found is None:
            return no_key(world, self.profile, expected)
        zot = open_zot(world, self.profile)
        caller = with_key(*found)
        status = ask_key_api(zot, caller).status
        if status == NOT_SIGNED_IN:
            return judged(
                False,
                expected=expected,
                observed="401: the key is not taken",
                likely="expired, deleted, or made by somebody else",
                remedy=f"make a key signed in as {self.profile.ci.name}",
            )
        fingerprint = world.secrets.fingerprint(found[1])
        # While CI is at work with the other key, what was told when this one was made has to do.
        made = facts.get(KEY_ID, "") if facts.get(KEY_PRINT) == fingerprint else ""
        return self._judge(listed_with(zot, caller, known=made).own, world, expected, fingerprint, facts)

    def _judge(self, key: Key, world: World, expected: str, fingerprint: str, facts: Facts) -> Evidence:
        now, days = world.clock.now(), self.profile.rotation.lifetime_days
        in_time = key.expires is not None and now < key.expires <= now + timedelta(days=days) + SLACK
        until = f"until {key.expires:%Y-%m-%d}" if key.expires else "never expires"
        known = {KEY_ID: key.id, KEY_LABEL: key.label, KEY_PRINT: fingerprint}
        if key.expires:
            known[KEY_EXPIRES] = key.expires.isoformat()
        if KEY_PRINT in facts and facts[KEY_PRINT] != fingerprint and not self._is_pending(world, fingerprint):
            # What was made is what later steps must find: a key that merely lies there does not take its place.
            known = {}
        return judged(
            in_time,
            expected=expected,
            observed=f'"{key.label}", id ..{key.id[-4:]}, {until}',
            likely="made without an expiry" if key.expires is None else "made with another expiry",
            remedy=f"make another key that ends within {days} days, and delete this one",
            facts=known if in_time else {},
        )

    def _is_pending(self, world: World, fingerprint: str) -> bool:
        return world.secrets.fingerprint(world.secrets.read(self.profile.pending_key.secret)) == fingerprint

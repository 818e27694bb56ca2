"""Has a sign-in as the CI user left anything behind at the identity provider?"""

from __future__ import annotations

from collections.abc import Sequence

from zotops.checks.asking import AsksProvider, blind
from zotops.model import Evidence, Facts, Look, Otherwise, judged
from zotops.systems.authentik import open_authentik
from zotops.world import World


class NoSessionLeft(AsksProvider):
    """No session and no unused recovery key of the CI user; and the API answers as the operator, not as the CI user."""

    def __str__(self) -> str:
        return f"no session of {self.profile.ci.name} is left"

    @property
    def look(self) -> Look:
        """The user's sessions in the administrators' pages."""
        provider = self.profile.identity_provider
        return Look(
            command=f"{provider.url}/if/admin/#/identity/users, {self.profile.ci.name}, Sessions",
            want="none, and your own name in the account menu",
            otherwise=(
                Otherwise(
                    answer="a session",
                    means="whoever has its cookie is signed in as the CI user: delete it",
                    fault="session-of-ci-left",
                ),
                Otherwise(answer="a banner to stop impersonating", means="end the impersonation"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """Sessions, recovery keys, and who the token is."""
        del facts
        authentik, name = open_authentik(world, self.profile), self.profile.ci.name
        me = authentik.me()
        expected = f"0 sessions and 0 recovery keys of {name}; the API answers as the operator"
        user = authentik.user(name)
        sessions = authentik.sessions(user) if user else ()
        keys = authentik.recovery_tokens(user) if user else ()
        left = tuple(
            _counted(len(found), what) for found, what in ((sessions, "session"), (keys, "recovery key")) if found
        )
        if me.user.username == name or me.original is not None:
            left = (*left, f"the API token acts as {me.user.username}")
        if not left and (unseen := blind(me, expected)):
            return unseen
        return judged(
            not left,
            expected=expected,
            observed="; ".join(left) or f"0 sessions, {_none(keys)}; it answers as {me.user.username}",
            likely="a sign-in was not brought to its end",
            remedy=f"delete them on {self.profile.identity_provider.url}/if/admin/#/identity/users, {name}",
        )


def _none(keys: Sequence[object] | None) -> str:
    return "0 recovery keys" if keys is not None else "recovery keys are not listed by this server"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"

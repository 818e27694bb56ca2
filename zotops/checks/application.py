"""Does the identity provider let the right users into the registry, and send them to the right place?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zotops.checks.asking import AsksProvider, blind
from zotops.model import Evidence, Facts, Look, Otherwise, judged, unknown
from zotops.systems.authentik import Authentik, open_authentik
from zotops.systems.authentik_answers import Application, Binding, Provider, RedirectUri
from zotops.world import World

STRICT, CONFIDENTIAL, PER_PROVIDER, ANY, CODE = "strict", "confidential", "per_provider", "any", "authorization_code"


class ApplicationLetsCiIn(AsksProvider):
    """Members of either group get in, nobody else: asked for the CI user and for a guest."""

    def __str__(self) -> str:
        return f"the identity provider lets {self.profile.ci.name} into the registry, and {self._guest} not"

    @property
    def _guest(self) -> str:
        return self.profile.identity_provider.guest

    @property
    def look(self) -> Look:
        """The admin interface has the same test."""
        provider = self.profile.identity_provider
        return Look(
            command=f"{provider.url}/if/admin/#/core/applications/{provider.application}, Check access: "
            f"{self.profile.ci.name}, then {self._guest}",
            want="passing for the first, not for the second",
            otherwise=(
                Otherwise(
                    answer="both pass",
                    means="no binding is in force: the application is open to everybody",
                    fault="no-binding-at-all",
                ),
                Otherwise(answer="neither passes", means="the user is not in the group", fault="ci-not-in-the-group"),
                Otherwise(answer="no such application", means="no blueprint yet", fault="blueprint-not-applied"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """UNKNOWN without a superuser's token: others silently get the answer about themselves."""
        del facts
        provider, expected = open_authentik(world, self.profile), "bindings for both groups, mode any; CI in, guest out"
        if unseen := blind(provider.me(), expected):
            return unseen
        application = provider.application(self.profile.identity_provider.application)
        if application is None:
            return judged(
                False,
                expected=expected,
                observed="no such application",
                likely="the blueprint is not applied",
                remedy="deploy it",
            )
        return self._judge(provider, application, expected)

    def _judge(self, provider: Authentik, application: Application, expected: str) -> Evidence:
        wrong = list(self._wrong_bindings(provider.bindings(application)))
        if application.policy_engine_mode != ANY:
            wrong.append(f"mode {application.policy_engine_mode}: membership of both groups is demanded")
        ci, guest = (self._passes(provider, name) for name in (self.profile.ci.name, self._guest))
        if ci is not True:
            wrong.append(f"{self.profile.ci.name} {'is not let in' if ci is False else 'does not exist'}")
        if guest:
            wrong.append(f"{self._guest} is let in, too")
        if guest is None and not wrong:
            return unknown(
                expected=expected,
                observed=f"{self._guest} does not exist, so nobody is seen kept out",
                remedy=f"make a user {self._guest} there, in no group, or name one in `identity_provider.guest`",
            )
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join(wrong) or f"bindings for both groups, mode any; {self.profile.ci.name} is let in",
            twin=f"{self._guest}: {'let in' if guest else 'not let in'}",
            likely="somebody changed it by hand, or the blueprint is an older one",
            remedy=f"bring {application.slug} in line with the blueprint, by a sync or in the admin interface",
        )

    def _wrong_bindings(self, bindings: Sequence[Binding]) -> Iterator[str]:
        in_force = {b.group_obj.name for b in bindings if b.enabled and not b.negate and b.group_obj}
        for group in (self.profile.tiers.admins.group, self.profile.tiers.ci.group):
            if group not in in_force:
                yield f"no enabled binding for {group}"

    def _passes(self, provider: Authentik, name: str) -> bool | None:
        user = provider.user(name)
        return None if user is None else provider.check_access(self.profile.identity_provider.application, user).passing


class ProviderIsRight(AsksProvider):
    """The live OAuth2 provider, not only its blueprint: somebody may have changed it by hand."""

    def __str__(self) -> str:
        return "the live provider sends people back to the registry, signs with a key and gives out the scopes"

    @property
    def look(self) -> Look:
        """The provider's page shows all of it."""
        provider = self.profile.identity_provider
        return Look(
            command=f"{provider.url}/if/admin/#/core/providers, provider with client id {provider.client_id}",
            want=f"confidential; redirect {STRICT} {self.profile.redirect_uri}; a signing key; "
            f"scopes {', '.join(provider.scopes)}; issuer mode per provider",
            otherwise=(
                Otherwise(answer="no signing key", means="it signs with the client secret: the registry refuses that"),
                Otherwise(
                    answer="another redirect",
                    means="sign-in ends in an error page of the provider",
                    fault="redirect-not-registered",
                ),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """FAILED names every property that differs."""
        del facts
        expected = f"redirect {self.profile.redirect_uri}, a signing key, the scopes, confidential, per provider"
        authentik = open_authentik(world, self.profile)
        found = authentik.provider(self.profile.identity_provider.client_id)
        if found is None:
            wrong = [f"no provider with client id {self.profile.identity_provider.client_id}"]
        else:
            wrong = [*self._wrong(found), *self._wrong_scopes(authentik.scopes(found))]
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join(wrong) or "all as expected",
            likely="the blueprint is not applied, or somebody changed the provider by hand",
            remedy="apply the blueprint again, in the admin interface",
        )

    def _wrong(self, found: Provider) -> Iterator[str]:
        if found.redirect_uris != (RedirectUri(matching_mode=STRICT, url=self.profile.redirect_uri),):
            uris = ", ".join(f"{each.matching_mode} {each.url}" for each in found.redirect_uris)
            yield f"redirect {uris or 'to nowhere'}"
        if not found.signing_key:
            yield "no signing key"
        if found.client_type != CONFIDENTIAL:
            yield f"client type {found.client_type}"
        if found.issuer_mode != PER_PROVIDER:
            yield f"issuer mode {found.issuer_mode}"
        if found.grant_types is not None and CODE not in found.grant_types:
            yield f"grant type {CODE} is missing"

    def _wrong_scopes(self, scopes: frozenset[str]) -> Iterator[str]:
        if missing := sorted(set(self.profile.identity_provider.scopes) - scopes):
            yield f"scope {', '.join(missing)} is missing"

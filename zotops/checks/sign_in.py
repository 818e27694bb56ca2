"""Does a sign-in at the registry lead to the identity provider? Only the way there: nobody signs in.

To begin one leaves a session in the registry's storage, of two hours (zot 2.1.20, measured); to ask whether it is
offered does not.
"""

from __future__ import annotations

from urllib.parse import urlencode

from zotops.errors import Unreachable
from zotops.model import Check, Evidence, Facts, Look, Otherwise, judged
from zotops.profile import OfProfile
from zotops.systems.browser import Browser, bare, origin_of
from zotops.systems.discovery import discovery_address
from zotops.systems.zot import open_zot
from zotops.systems.zot_login import NO_SUCH_PROVIDER, SentAway, begin_login, login_path, parse_sent_away
from zotops.world import World

OK, BAD = 200, 400
NO_STATE = "zotops-only-looks"  # nobody comes back with it
LOGIN_PAGE = "/if/flow/"


class SignInRedirects(OfProfile, Check):
    """The registry sends people to the provider with the right words, and the provider shows its login page."""

    def __str__(self) -> str:
        return "a sign-in leads to the identity provider"

    @property
    def leaves(self) -> str:
        """Measured with zot 2.1.20; whoever begins a sign-in by hand leaves one, too."""
        return "a session in the registry's storage for two hours"

    @property
    def look(self) -> Look:
        """Where SIGN IN WITH OIDC leads."""
        provider = self.profile.identity_provider
        return Look(
            command=(
                f"curl -s -o /dev/null -w '%{{redirect_url}}' '{self.profile.registry.url}{login_path(self.profile)}'"
            ),
            want=f"an address at {provider.url} with client_id={provider.client_id}, whose page is the login page",
            otherwise=(
                Otherwise(answer="nothing (404)", means="sign-in is not configured"),
                Otherwise(answer="nothing (400)", means=f"the registry knows no provider {provider.provider_key!r}"),
            ),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """The redirect's parts, then the page that the provider answers it with."""
        del facts
        provider = self.profile.identity_provider
        browser = Browser(http=world.http, register=world.register)
        expected = f"redirected to {provider.url} as client {provider.client_id}, and its login page answers"
        begun = browser.visit(f"{self.profile.registry.url}{login_path(self.profile)}")
        if browser.target(begun) is None:
            return judged(
                False,
                expected=expected,
                observed=f"{begun.status}, no redirect",
                likely="http.auth.openid is missing (404), has another provider key (400), or wrong session keys (500)",
                remedy="look at http.auth.openid in the configuration and at the registry's log",
            )
        sent = begin_login(browser, self.profile)
        wrong = self._wrong(sent) or _wrong_page(browser, sent)
        return judged(
            not wrong,
            expected=expected,
            observed="; ".join(wrong) or f"{sent.endpoint}, client {sent.client_id}, login page {OK}",
            likely="the registry's configuration and the provider's application do not agree",
            remedy=f"compare http.auth.openid with {provider.url}/if/admin/#/core/applications/{provider.application}",
        )

    def _wrong(self, sent: SentAway) -> tuple[str, ...]:
        provider = self.profile.identity_provider
        pairs = (
            ("provider", origin_of(sent.url), origin_of(provider.issuer)),
            ("client_id", sent.client_id, provider.client_id),
            ("redirect_uri", sent.redirect_uri, self.profile.redirect_uri),
            ("scope", " ".join(sorted(sent.scopes)), " ".join(sorted(provider.scopes))),
            ("response_type", sent.response_type, "code"),
        )
        return tuple(f"{name} is {seen!r}, not {want!r}" for name, seen, want in pairs if seen != want)


class SignInIsOffered(OfProfile, Check):
    """The registry has sign-in, and the provider shows its login page to what the profile says of the registry."""

    def __str__(self) -> str:
        return "a sign-in is offered, and the provider takes it"

    @property
    def look(self) -> Look:
        """A provider that nobody has: naming the real one would begin a session."""
        return Look(
            command=f"curl -s -o /dev/null -w '%{{http_code}}' '{self.profile.registry.url}{NO_SUCH_PROVIDER}'",
            want=str(BAD),
            otherwise=(Otherwise(answer="404", means="sign-in is not configured"),),
        )

    def run(self, world: World, facts: Facts) -> Evidence:
        """First the registry; then the request that it would send people with (RFC 6749, section 4.1.1)."""
        del facts
        provider = self.profile.identity_provider
        browser = Browser(http=world.http, register=world.register)
        status = open_zot(world, self.profile).send("GET", NO_SUCH_PROVIDER).status
        wrong: tuple[str, ...] = ()
        if status != BAD:
            wrong = (f"{status} to a provider that nobody has, not {BAD}",)
        wrong = wrong or _wrong_page(browser, parse_sent_away(self._request(browser)))
        return judged(
            not wrong,
            expected=f"{BAD} to a provider that nobody has, and a login page for client {provider.client_id}",
            observed="; ".join(wrong) or f"{BAD}; client {provider.client_id}, login page {OK}",
            likely="http.auth.openid is missing (404), or the provider's application does not agree with the profile",
            remedy=f"compare http.auth.openid with {provider.url}/if/admin/#/core/applications/{provider.application}",
        )

    def _request(self, browser: Browser) -> str:
        provider = self.profile.identity_provider
        address = discovery_address(provider.issuer)
        reply = browser.visit(address)
        document = reply.json() if reply.status == OK else None
        endpoint = str(document.get("authorization_endpoint", "")) if isinstance(document, dict) else ""
        if origin_of(endpoint) != origin_of(provider.issuer):
            raise Unreachable(f"{address} answers {reply.status}, without an endpoint of its own for sign-ins")
        parts = {
            "client_id": provider.client_id,
            "redirect_uri": self.profile.redirect_uri,
            "response_type": "code",
            "scope": " ".join(provider.scopes),
            "state": NO_STATE,
        }
        return f"{endpoint}?{urlencode(parts)}"


def _wrong_page(browser: Browser, sent: SentAway) -> tuple[str, ...]:
    reply = browser.visit(sent.url)
    page = browser.target(reply)
    if page is None or LOGIN_PAGE not in page:
        return (f"the provider answers {reply.status} at {sent.endpoint}, no login page",)
    status = browser.visit(page).status
    return () if status == OK else (f"{bare(page)} answers {status}",)

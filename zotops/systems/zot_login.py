"""The registry's sign-in: where it begins, what it sends to the identity provider, who came back, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

from zotops.errors import Unreachable
from zotops.model import Fact
from zotops.profile import Profile
from zotops.systems.browser import Browser, bare
from zotops.systems.zot import Caller
from zotops.world import Secret

# Who came back from a sign-in in this run. It has the name of the question that asks a person for the same.
SIGNED_IN_AND_BACK = Fact("signed-in-and-back")

# The registry's own web pages send this; without it a session cookie counts for nothing.
BY_SESSION = {"X-ZOT-API-CLIENT": "zot-ui"}
BACK = frozenset({200, 201, 302})
# 400 where sign-in is configured; with a provider that is there a session would begin.
NO_SUCH_PROVIDER = "/zot/auth/login?provider=zotops-has-no-such-provider"


@dataclass(frozen=True, kw_only=True)
class SentAway:
    """What the registry sends to the identity provider; `endpoint` is the address without its query."""

    url: str
    endpoint: str
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    response_type: str


def login_path(profile: Profile) -> str:
    """Where a sign-in begins."""
    return f"/zot/auth/login?provider={quote(profile.identity_provider.provider_key)}"


def begin_login(browser: Browser, profile: Profile) -> SentAway:
    """Follow "SIGN IN WITH OIDC" to the address at the provider. Unreachable when it leads nowhere."""
    reply = browser.visit(f"{profile.registry.url}{login_path(profile)}")
    url = browser.target(reply)
    if url is None:
        raise Unreachable(
            f"{profile.registry.url} begins no sign-in: {reply.status}",
            remedy={
                400: "the registry knows no provider of that name; look at http.auth.openid",
                404: "sign-in is not configured; look at http.auth.openid",
                500: "its session keys have a wrong length; look at the registry's log",
            }.get(reply.status, "look at the registry's log"),
        )
    return parse_sent_away(url)


def parse_sent_away(url: str) -> SentAway:
    """The parts of an authorization request (RFC 6749, section 4.1.1)."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return SentAway(
        url=url,
        endpoint=bare(url),
        client_id=query.get("client_id", ""),
        redirect_uri=query.get("redirect_uri", ""),
        scopes=frozenset(query.get("scope", "").split()),
        response_type=query.get("response_type", ""),
    )


def signed_in_as(browser: Browser, profile: Profile) -> str | None:
    """Whom the registry takes the browser's session for; None without one."""
    registry = profile.registry.url
    name = browser.cookie(registry, "user")
    return unquote(name) if name and browser.cookie(registry, "session") else None


def by_session(browser: Browser, profile: Profile) -> Caller:
    """The session as a caller of the key API."""
    session = browser.cookie(profile.registry.url, "session") or ""
    headers = {"Cookie": Secret(f"session={session}")} | {name: Secret(text) for name, text in BY_SESSION.items()}
    return Caller(name="this session", headers=headers)


def end_login(browser: Browser, profile: Profile) -> None:
    """Sign out at the registry; the session is gone at once. Without one nothing happens."""
    browser.visit(f"{profile.registry.url}/zot/auth/logout", method="POST", headers=BY_SESSION)

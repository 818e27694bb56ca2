"""Makes CI's key as a finished deployment has: a real sign-in as the CI user, one key, and no trace of the sign-in."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from zotops.lab.provider.recovery import create_recovery_key
from zotops.lab.state import Document, State

DAYS = 90
EXPIRES = (datetime.now(UTC) + timedelta(days=DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
DUE = (datetime.now(UTC) + timedelta(days=60)).strftime("%Y-%m-%d")
LABEL = "zotops/0000/1"


@dataclass
class Browser:
    """As little of a browser as a sign-in needs: cookies by server, Secure ones too, since this is loopback."""

    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def ask(
        self, url: str, *, method: str = "GET", body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Status, Location and text of one answer; redirects are not followed."""
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, path, body=body, headers={**sent, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                jar[name] = morsel.value
        return answer.status, answer.headers.get("Location", ""), text

    def follow(self, url: str, *, until: str) -> tuple[int, str]:
        """Follow redirects until an answer is none, or leads to a path that starts with `until`."""
        for _ in range(12):
            status, location, text = self.ask(url)
            if not location:
                return status, text
            url = urljoin(url, location)
            if until and urlsplit(url).path.startswith(until):
                return status, url
        raise RuntimeError(f"too many redirects, the last one to {url.partition('?')[0]}")


def make_key(world: Document, *, expires: str = EXPIRES, forget: bool = True) -> str:
    """Sign in as the CI user by a recovery key, make one key for 90 days, sign out; RuntimeError when it fails."""
    browser = sign_in(world)
    key = make_key_as_page(world, browser, expires=expires)
    if forget:
        forget_sign_in(world)
    return key


def sign_in(world: Document) -> Browser:
    """Sign in at the registry as the CI user, by a recovery key; RuntimeError when the registry does not take it."""
    root, user = Path(world["root"]), world["names"]["ci_user"]
    browser = Browser()
    link = create_recovery_key(root, 10, user).strip().splitlines()[-1]
    browser.ask(urljoin(world["identity_provider"]["url"], link))
    status, text = browser.follow(f"{world['registry']['url']}/zot/auth/login?provider=oidc", until="")
    if status not in (HTTPStatus.OK, HTTPStatus.CREATED):
        raise RuntimeError(f"the first sign-in as {user} ended with {status}: {text[:200]}")
    return browser


def make_key_as_page(world: Document, browser: Browser, *, expires: str = EXPIRES) -> str:
    """Make a key of whoever is signed in in that browser, sign out at the registry, and return the key."""
    registry, as_page = world["registry"]["url"], {"X-ZOT-API-CLIENT": "zot-ui"}
    body = json.dumps({"label": LABEL, "scopes": [], "expirationDate": expires})
    status, _, text = browser.ask(f"{registry}/zot/auth/apikey", method="POST", body=body, headers=as_page)
    if status != HTTPStatus.CREATED:
        raise RuntimeError(f"the registry made no key: {status}")
    browser.ask(f"{registry}/zot/auth/logout", method="POST", headers=as_page)
    key: str = json.loads(text)["apiKey"]
    return key


def forget_sign_in(world: Document) -> None:
    """End the CI user's sessions at the provider."""
    user = world["names"]["ci_user"]
    with State(Path(world["root"]) / "state").edit("provider") as document:
        document["sessions"] = {
            cookie: session for cookie, session in document["sessions"].items() if session.get("user") != user
        }

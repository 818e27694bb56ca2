"""A browser as far as a sign-in needs one: cookies kept by hand for each origin, redirects followed one by one.

Cookies go back to the origin that set them, Secure ones over plain http too: the registry marks its `state` cookie
Secure always, so on a loopback address without TLS no sign-in would ever end (zot 2.1.20, measured). Path and domain of
a cookie are not looked at: within one origin more requests see it, but no other origin ever does. Nothing is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urljoin, urlsplit

from zotops.errors import Unreachable
from zotops.world import Http, Reply, Secret

FURTHER = frozenset({301, 302, 303, 307, 308})
# The epoch and before: how servers say "forget this cookie" with a date.
LONG_AGO = 1971
# What a redirect may carry in its query that nobody else should see.
SPENT_ONCE = ("code", "state", "id_token", "token")


@dataclass(frozen=True, kw_only=True)
class Browser:
    """One window: its cookies end with it."""

    http: Http
    register: Callable[[Secret], None]
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def visit(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """One request, redirects not followed."""
        origin = origin_of(url)
        sent = dict(headers or {})
        if cookies := self.cookies.get(origin):
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        reply = self.http.send(method, url, headers=sent, body=body, timeout=30.0)
        for line in reply.headers.all("set-cookie"):
            self._keep(origin, line)
        return reply

    def cookie(self, url: str, name: str) -> str | None:
        """The value of a cookie that this origin has set."""
        return self.cookies.get(origin_of(url), {}).get(name)

    def _keep(self, origin: str, line: str) -> None:
        pair, *attributes = line.split(";")
        name, _, value = pair.strip().partition("=")
        words = {word.strip().lower(): said.strip() for word, _, said in (part.partition("=") for part in attributes)}
        kept = self.cookies.setdefault(origin, {})
        if not value or _is_over(words.get("max-age", ""), words.get("expires", "")):
            kept.pop(name, None)
        else:
            kept[name] = value

    def target(self, reply: Reply) -> str | None:
        """Where a redirect leads, as a whole address; None for an answer that is no redirect.

        Unreachable when it would leave https or http. What is spent once and travels in the query is registered.
        """
        where = reply.headers.get("location")
        if reply.status not in FURTHER or not where:
            return None
        url = urljoin(reply.url, where)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or (reply.url.startswith("https:") and parts.scheme == "http"):
            raise Unreachable(f"{bare(reply.url)} redirects to {bare(url)}, which is not followed")
        for name, values in parse_qs(parts.query).items():
            if name in SPENT_ONCE:
                for value in values:
                    self.register(Secret(value))
        return url


def origin_of(url: str) -> str:
    """Scheme, host and port, the last two as far as they are given."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def bare(url: str) -> str:
    """An address without its query: that may hold what must not be shown."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _is_over(max_age: str, expires: str) -> bool:
    if max_age:
        return max_age.startswith("-") or max_age == "0"
    if not expires:
        return False
    try:
        return parsedate_to_datetime(expires).year < LONG_AGO
    except (TypeError, ValueError):
        return False

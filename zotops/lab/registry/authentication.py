"""Who sends a request: an API key, a session, or nobody."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass

from zotops.lab.registry.access import Caller
from zotops.lab.registry.accounts import Accounts
from zotops.lab.registry.exchange import Reply, Request
from zotops.lab.registry.quirks import Quirks
from zotops.lab.registry.refusals import unauthenticated
from zotops.lab.registry.sessions import FORGET, Sessions
from zotops.lab.registry.settings import Settings

MGMT = "/v2/_zot/ext/mgmt"


@dataclass(frozen=True, kw_only=True)
class Known:
    """The caller of a request that may go on; `cookie` is to be sent along if there is one."""

    caller: Caller
    cookie: str = ""


class Authentication:
    """Decides between going on and 401. Without accounts the registry is open."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        accounts: Accounts | None,
        sessions: Sessions | None,
        quirks: Quirks,
    ) -> None:
        self._settings, self._accounts, self._sessions = settings, accounts, sessions
        self._quirks = quirks

    def know(self, request: Request) -> Known | Reply:
        """Who it is, or the refusal. An explicit credential is never replaced by being anonymous."""
        settings = self._settings()
        if len(request.headers.get("authorization", [])) > 1:
            return self._refusal(request)
        if self._accounts is None or self._sessions is None:
            return Known(caller=Caller())
        if credential(request):
            return self._by_key(request, self._accounts) or self._refusal(request)
        if request.header("x-zot-api-client") == "zot-ui":
            return self._by_session(request, self._accounts, self._sessions, settings)
        if not self._open_to_anonymous(request, settings) or self._has_to_ask_docker(request, settings):
            return self._refusal(request)
        return Known(caller=Caller())

    def _by_key(self, request: Request, accounts: Accounts) -> Known | None:
        name, secret = basic(request.header("authorization")) or ("", "")
        if not accounts.use(name, secret):
            return None
        return Known(caller=Caller(name=name, groups=tuple(accounts.groups_of(name) or ())))

    def _by_session(
        self, request: Request, accounts: Accounts, sessions: Sessions, settings: Settings
    ) -> Known | Reply:
        values = sessions.open("session", request.cookies.get("session", ""))
        if values is not None:
            groups = accounts.groups_of(values["user"])
            # a user whose record was lost is known by name where anonymous may come in, and by nothing elsewhere
            if groups is not None or self._open_to_anonymous(request, settings):
                return Known(caller=Caller(name=values["user"], groups=tuple(groups or ())))
            return self._refusal(request)
        if self._open_to_anonymous(request, settings):
            return Known(caller=Caller(), cookie=FORGET)
        return self._refusal(request).with_headers(("Set-Cookie", FORGET))

    def _open_to_anonymous(self, request: Request, settings: Settings) -> bool:
        if settings.access is not None and settings.access.lets_anonymous_in:
            return True
        metrics = (
            settings.metrics_path is not None
            and request.path.startswith(settings.metrics_path)
            and settings.access is not None
            and "read" in settings.access.metrics_anonymous
        )
        return metrics or request.target == MGMT

    def _has_to_ask_docker(self, request: Request, settings: Settings) -> bool:
        """Docker takes 200 on `/v2/` for "no authentication" and would never send its credentials."""
        agent = request.header("user-agent")
        docker = "Docker-Client" in agent or agent.startswith("docker/")
        mixed = settings.access is not None and settings.access.lets_anonymous_in and not settings.access.only_anonymous
        if not (docker and mixed and settings.api_keys and request.path.rstrip("/") == "/v2"):
            return False
        return not self._quirks.on("docker_agent_200")

    def _refusal(self, request: Request) -> Reply:
        settings = self._settings()
        if credential(request) or request.header("x-zot-api-client") == "zot-ui":
            time.sleep(settings.fail_delay)
        return unauthenticated(request.headers, settings.realm)


def credential(request: Request) -> str:
    """The Authorization header, unless it is empty in either of the two known ways."""
    header = request.header("authorization")
    return "" if header.lower() == "basic og==" else header


def basic(header: str) -> tuple[str, str] | None:
    """Name and secret of HTTP Basic (RFC 7617)."""
    scheme, _, encoded = header.partition(" ")
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (name, secret) if scheme.lower() == "basic" and colon else None

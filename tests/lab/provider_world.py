"""A folder with what the identity provider needs of a practice world, and its provider served over HTTP."""

import contextlib
import json
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn

from tests.lab import authentik_description
from zotops.lab import provider
from zotops.lab.provider import blueprint
from zotops.lab.state import State

API = "/api/v3"
LOGIN_FLOW = "default-authentication-flow"
CALLBACK = "http://127.0.0.1:1/zot/auth/callback/oidc"
TOKEN = "token-of-the-superuser"
CLIENT_SECRET = "the-client-secret"
PASSWORDS = {"alex": "alexs-password", "akadmin": "akadmins-password", "guest": "guests-password"}
PATH = "custom/zot.yaml"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # shared: a context of its own costs each client 50 ms


def make_world(folder: Path, url: str, state: str = "hardened") -> dict[str, Any]:
    world: dict[str, Any] = {
        "root": str(folder),
        "registry": {"url": "http://127.0.0.1:1"},
        "identity_provider": {"url": url, "port": urlsplit(url).port},
        "names": {
            "application": "zot",
            "client_id": "zot",
            "ci_user": "zot-ci",
            "ci_group": "artifact-workloads",
            "admin_group": "admins",
            "admin_user": "alex",
            "superuser": "akadmin",
            "guest": "guest",
            "blueprint_path": PATH,
            "blueprint_name": "Practice Zot SSO",
        },
        "secrets": {"client_secret": CLIENT_SECRET, "provider_token": TOKEN, "passwords": PASSWORDS},
    }
    folder.mkdir(exist_ok=True)
    (folder / "world.json").write_text(json.dumps(world))
    begin_anew(folder, state)
    return world


def begin_anew(folder: Path, state: str = "hardened") -> None:
    """Write the documents of a world that nobody has used yet."""
    world = json.loads((folder / "world.json").read_text())
    text = blueprint.old(world) if state == "open" else blueprint.new(world)
    files = State(folder / "state")
    with files.edit("provider") as document, files.edit("quirks") as quirks, files.edit("cluster") as cluster:
        for each in (document, quirks, cluster):
            each.clear()
        document.update(provider.initial(world, state, text))


class Browser:
    """A client with cookies that follows nothing by itself and sends the CSRF value as Authentik's own pages do."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url, self.client = url, client

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        csrf = self.client.cookies.get("authentik_csrf")
        headers = {"X-authentik-CSRF": csrf} if csrf else {}
        return self.client.request(method, path, headers=headers | options.pop("headers", {}), **options)

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.ask(method, API + path, **options)

    def me(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api("GET", "/core/users/me/").json()
        return found

    def challenge(
        self, answer: dict[str, Any] | None = None, query: str = "", flow: str = LOGIN_FLOW
    ) -> dict[str, Any]:
        """The challenge that stands, after giving this answer to the one before."""
        path = f"{API}/flows/executor/{flow}/"
        reply = self.ask("GET", path, params={"query": query})
        if answer is not None:
            reply = self.ask("POST", path, params={"query": query}, json=answer)
            if reply.status_code == 302:
                reply = self.ask("GET", reply.headers["location"])
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def sign_in(self, user: str, password: str, query: str = "") -> dict[str, Any]:
        """The challenge after user name and password: a redirect when both were right and nothing more is asked."""
        shown = self.challenge({"uid_field": user}, query)
        assert shown["component"] == "ak-stage-password"
        return self.challenge({"password": password}, query)

    def authorize(self, **parameters: str) -> httpx.Response:
        asked = {"client_id": "zot", "redirect_uri": CALLBACK, "response_type": "code", "state": "the-state"}
        asked["scope"] = "openid profile email"
        return self.ask("GET", "/application/o/authorize/", params=asked | parameters)

    def code(self, **parameters: str) -> str:
        """The code that the callback gets; whoever is signed in must be let pass."""
        reply = self.authorize(**parameters)
        assert reply.status_code == 302, reply.text
        assert reply.headers["location"].startswith(CALLBACK), reply.headers["location"]
        return parse_qs(urlsplit(reply.headers["location"]).query)["code"][0]


@dataclass(kw_only=True)
class PracticeProvider:
    """A running provider: how to ask it, and its world's folder."""

    folder: Path
    url: str
    clients: contextlib.ExitStack

    def browser(self, **options: Any) -> Browser:
        hooks = {"response": [_describe]} if authentik_description.FILE.is_file() else {}
        client = httpx.Client(
            base_url=self.url, trust_env=False, event_hooks=hooks, timeout=10, verify=NO_TLS, **options
        )
        return Browser(self.url, self.clients.enter_context(client))

    def admin(self, method: str, path: str, **options: Any) -> httpx.Response:
        token = options.pop("token", TOKEN)
        return self.browser(headers={"Authorization": f"Bearer {token}"}).api(method, path, **options)

    def one(self, path: str, /, **filters: str) -> dict[str, Any]:
        """The only object of a list."""
        answer = self.admin("GET", path, params=filters)
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()["results"]
        return dict(found)

    def signed_in(self, user: str) -> Browser:
        browser = self.browser()
        assert browser.sign_in(user, PASSWORDS[user])["component"] == "xak-flow-redirect"
        return browser

    def exchange(self, code: str, form: dict[str, str] | None = None) -> httpx.Response:
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        who = {"client_id": "zot", "client_secret": CLIENT_SECRET}
        return self.browser().ask("POST", "/application/o/token/", data=asked | who | (form or {}))

    def userinfo(self, tokens: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        found: dict[str, Any] = self.browser().ask("GET", "/application/o/userinfo/", headers=headers).json()
        return found

    def claims_of(self, browser: Browser) -> dict[str, Any]:
        """What userinfo says about who signs in with this browser."""
        return self.userinfo(self.exchange(browser.code()).json())

    def edit(self) -> contextlib.AbstractContextManager[dict[str, Any]]:
        return State(self.folder / "state").edit("provider")

    def stored(self) -> dict[str, Any]:
        return State(self.folder / "state").read("provider")

    def turn_on(self, **switches: Any) -> None:
        with State(self.folder / "state").edit("quirks") as quirks:
            quirks["provider"] = switches

    def bring(self, text: str, *, visible_in: float = 0, path: str = PATH) -> None:
        """Put a file into the worker's mount, as a sync of the ConfigMap does."""
        with State(self.folder / "state").edit("cluster") as cluster:
            cluster.setdefault("worker_files", {})[path] = {"text": text, "visible_at": time.time() + visible_in}

    def until(self, wanted: Callable[[dict[str, Any]], Any], within: float = 5) -> dict[str, Any]:
        """The document as soon as it is as wanted."""
        end = time.monotonic() + within
        while not wanted(document := self.stored()):
            assert time.monotonic() < end, document["blueprints"]
            time.sleep(0.01)
        return document


def _describe(answer: httpx.Response) -> None:
    answer.read()
    authentik_description.must_match(answer)


@contextlib.contextmanager
def practice_provider(folder: Path) -> Iterator[PracticeProvider]:
    """Make a world and serve its provider."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    make_world(folder, url)
    server = uvicorn.Server(uvicorn.Config(provider.app(folder), log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        with contextlib.ExitStack() as clients:
            yield PracticeProvider(folder=folder, url=url, clients=clients)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def fresh(text: str) -> str:
    """The same blueprint with another hash."""
    return f"{text}# {secrets.token_hex(8)}\n"

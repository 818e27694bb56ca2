import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.lab.provider_world import TOKEN, PracticeProvider, practice_provider
from tests.systems.outside import HTTP
from zotops.lab.provider.document import VERSION
from zotops.lab.provider.recovery import create_recovery_key
from zotops.systems.authentik import Authentik
from zotops.world import Http, Reply, Secret

CLIENT = Path(__file__).with_name("official_client.py")
# What a call answers, in the client's words, and a field of it (of the rows of a list) that every server sends.
MODELS = {
    "GET /admin/version/": ("Version", "version_current"),
    "GET /core/users/": ("PaginatedUserList", "is_superuser"),
    "GET /core/users/me/": ("SessionUser", "user"),
    "GET /core/groups/": ("PaginatedGroupList", "num_pk"),
    "GET /core/applications/ID/": ("Application", "provider_obj"),
    "GET /core/applications/ID/check_access/": ("PolicyTestResult", "passing"),
    "GET /core/authenticated_sessions/": ("PaginatedAuthenticatedSessionList", "user_agent"),
    "GET /core/tokens/": ("PaginatedTokenList", "identifier"),
    "GET /policies/bindings/": ("PaginatedPolicyBindingList", "order"),
    "GET /providers/oauth2/": ("PaginatedOAuth2ProviderList", "redirect_uris"),
    "GET /providers/oauth2/ID/setup_urls/": ("OAuth2ProviderSetupURLs", "issuer"),
    "GET /providers/oauth2/ID/preview_user/": ("PropertyMappingPreview", "preview"),
    "GET /propertymappings/provider/scope/": ("PaginatedScopeMappingList", "scope_name"),
    "GET /managed/blueprints/": ("PaginatedBlueprintInstanceList", "last_applied_hash"),
    "GET /managed/blueprints/available/": ("BlueprintFile", "hash"),
    "POST /managed/blueprints/ID/apply/": ("BlueprintInstance", "status"),
    "GET /authenticators/admin/all/": ("Device", "confirmed"),
}
WITHOUT_BODY = {
    "POST /core/users/ID/set_password/",
    "DELETE /core/authenticated_sessions/ID/",
    "DELETE /core/tokens/ID/",
}


@dataclass
class Listening:
    """The real door to HTTP, which keeps the replies."""

    http: Http = HTTP
    replies: list[Reply] = field(default_factory=list)

    def send(self, method: str, url: str, **given: Any) -> Reply:
        reply = self.http.send(method, url, **given)
        self.replies.append(reply)
        return reply


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[PracticeProvider]:
    with practice_provider(tmp_path / "world") as running:
        yield running


def call_of(reply: Reply) -> str:
    """Method and path, with what is only this object's written as ID."""
    path = urlsplit(reply.url).path.removeprefix("/api/v3")
    return f"{reply.method} {re.sub(r'/(zot|[0-9]+|recovery-[0-9a-f]+|[0-9a-f-]{36})(?=/)', '/ID', path)}"


def used_in_every_way(provider: PracticeProvider) -> list[Reply]:
    """All replies to all calls that zotops knows, in a world in which no list is empty."""
    provider.signed_in("guest")
    create_recovery_key(provider.folder, 5, "guest")
    with provider.edit() as document:
        document["devices"].append(device("guest"))
    http = Listening()
    authentik = Authentik(http=http, url=provider.url, token=Secret(TOKEN), register=lambda _: None)
    user, blueprint = authentik.user("guest"), authentik.blueprint("custom/zot.yaml")
    oauth, application = authentik.provider("zot"), authentik.application("zot")
    assert user
    assert blueprint
    assert oauth
    assert application
    (session,), (token,) = authentik.sessions(user), authentik.recovery_tokens(user) or ()
    calls: dict[str, tuple[Any, ...]] = {
        **dict.fromkeys(("version", "me", "available_blueprints"), ()),
        **dict.fromkeys(("sessions", "recovery_tokens", "devices"), (user,)),
        **dict.fromkeys(("issuer", "scopes"), (oauth,)),
        "user": ("guest",),
        "group": ("admins",),
        "members": ("admins",),
        "provider": ("zot",),
        "preview": (oauth, user),
        "application": ("zot",),
        "bindings": (application,),
        "check_access": ("zot", user),
        "blueprint": ("custom/zot.yaml",),
        "apply_blueprint": (blueprint,),
        "set_password": (user, Secret("another-password")),
        "end_session": (session,),
        "remove_token": (token,),
    }
    known = {name for name, _ in inspect.getmembers(Authentik, inspect.isfunction) if not name.startswith("_")}
    assert known == set(calls)
    for name, arguments in calls.items():
        assert getattr(authentik, name)(*arguments) != (), name
    return http.replies


def device(user: str) -> dict[str, Any]:
    named = {"pk": "1", "user": user, "type": "totp", "name": "TOTP", "confirmed": True}
    times = dict.fromkeys(("created", "last_updated", "last_used"), "2026-01-01T00:00:00.000000Z")
    return {**named, **times, "secret": "", "codes": []}


def without(text: str, name: str) -> str:
    """The answer with this field dropped from it or from its first row."""
    answer = json.loads(text)
    row = answer if isinstance(answer, list) else answer.get("results", [answer])
    del row[0][name]
    return json.dumps(answer)


def complaints(answers: list[tuple[str, str]]) -> list[list[str]]:
    words = [sys.executable, "-W", "ignore", str(CLIENT)]
    done = subprocess.run(words, input=json.dumps(answers), capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_the_client_is_of_the_version_that_is_played() -> None:
    assert version("authentik-client") == VERSION


@pytest.mark.costly("stand-ins")
def test_authentiks_own_client_takes_every_answer_that_zotops_asks_for(provider: PracticeProvider) -> None:
    replies = {call_of(reply): reply.text for reply in used_in_every_way(provider)}
    assert set(replies) == set(MODELS) | WITHOUT_BODY
    assert {call: replies[call] for call in WITHOUT_BODY} == dict.fromkeys(WITHOUT_BODY, "")
    answers = [(model, replies[call]) for call, (model, _) in MODELS.items()]
    dropped = [(model, without(replies[call], name)) for call, (model, name) in MODELS.items()]
    said = dict(zip([*MODELS, *(f"{call} without" for call in MODELS)], complaints(answers + dropped), strict=True))
    assert {call: said[call] for call in MODELS if said[call]} == {}
    assert [call for call in MODELS if not said[f"{call} without"]] == [], "a dropped field was not noticed"

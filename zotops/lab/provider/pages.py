"""What a browser shows: the login, the user's page, the administrators' page, and links of recovery keys."""

from __future__ import annotations

import hmac
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from zotops.lab.provider import document as documents
from zotops.lab.provider import flow, sessions
from zotops.lab.provider.answers import not_found, store_of
from zotops.lab.provider.executor import scene_of
from zotops.lab.provider.markup import challenge_form, csrf_field, error_page, form, page
from zotops.lab.provider.scene import Errors, Scene
from zotops.lab.state import Document

_CHALLENGE_FIELDS = ("uid_field", "password", "code", "selected_stage", "token")


async def flow_page(request: Request) -> Response:
    """/if/flow/{slug}/: the flow as plain forms; opening the page begins it anew."""
    slug, given = request.path_params["slug"], await form_of(request)
    with store_of(request).edit() as document:
        if slug not in document["flows"]:
            raise not_found("Flow")
        scene = scene_of(request, document, request.url.query)
        running = document["sessions"][scene.key]["flow"]
        if not running or running["slug"] != slug or (given is None and running["stage"] != "consent"):
            flow.begin(scene, slug)
        errors = _answer(scene, given) if given is not None else {}
        challenge = flow.show(scene)
        response = _shown(challenge, errors)
        if scene.key in document["sessions"]:
            sessions.set_cookies(response, request, document, scene.key)
        return response


def _answer(scene: Scene, given: dict[str, str]) -> Errors:
    """Take the form as the answer to one stage, and to the password's as well when both stood on the page."""
    content: dict[str, Any] = {name: given[name] for name in _CHALLENGE_FIELDS if name in given}
    if scene.plan["stage"] == "remember":
        content["remember_me"] = False
    asked_together = scene.plan["stage"] == "identification"
    errors = flow.submit(scene, content)
    if not errors and asked_together and scene.plan["stage"] == "password" and content.get("password"):
        errors = flow.submit(scene, content)
    return errors


def _shown(challenge: dict[str, Any], errors: Errors) -> Response:
    if challenge["component"] == "xak-flow-redirect":
        return RedirectResponse(challenge["to"], 302)
    texts = "".join(f'<p class="error">{escape(row["string"])}</p>' for rows in errors.values() for row in rows)
    title = challenge["flow_info"]["title"]
    return page(title, f"<h1>{escape(title)}</h1>{texts}{challenge_form(challenge)}")


async def form_of(request: Request) -> dict[str, str] | None:
    """The fields of a posted form; None when the page is only looked at."""
    if request.method != "POST":
        return None
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def to_login(request: Request) -> Response:
    """Sign in first, then come back."""
    return RedirectResponse(f"/if/flow/{documents.LOGIN_FLOW}/?next={quote(request.url.path, safe='')}", 302)


async def home(_: Request) -> Response:
    """The root leads to the user's page."""
    return RedirectResponse("/if/user/", 302)


async def user_page(request: Request) -> Response:
    """/if/user/: who is signed in and whom they impersonate."""
    document, key = store_of(request).read(), sessions.key_of(request)
    session = sessions.login_of(document, key)
    if session is None or key is None:
        return to_login(request)
    name = sessions.effective_user(session) or ""
    body = f'<h1>My applications</h1><p>Signed in as <strong id="user">{escape(name)}</strong>.</p>'
    if session["impersonating"]:
        end = form(csrf_field(session["csrf"]), "Stop impersonation", action="/if/admin/impersonate-end/")
        body += f"<p>{escape(session['user'])} is impersonating this user.</p>{end}"
    links = "".join(
        f'<li><a href="{escape(row["meta_launch_url"])}">{escape(row["name"])}</a></li>'
        for row in document["applications"].values()
    )
    out = f'<p><a href="/if/flow/{documents.SIGN_OUT_FLOW}/">Sign out</a></p>'
    return page("My applications", f'{body}<ul>{links}</ul><p><a href="/if/admin/">Admin interface</a></p>{out}')


async def use_recovery_key(request: Request) -> Response:
    """/recovery/use-token/{key}/: a session for the key's user, without password or second factor; the key is gone."""
    with store_of(request).edit() as document:
        found = next((name for name, row in document["tokens"].items() if _is_recovery(row, request)), None)
        if found is None:
            return error_page("Not found: the link was used before, has expired or was never made.", 404)
        username = document["tokens"].pop(found)["user"]
        key = sessions.log_in(document, sessions.open_session(document, request), username, "recovery")
        return sessions.set_cookies(RedirectResponse("/if/user/", 302), request, document, key)


def _is_recovery(token: Document, request: Request) -> bool:
    key, alive = request.path_params["key"], token["expires"] and token["expires"] > documents.now()
    return token["intent"] == "recovery" and bool(alive) and hmac.compare_digest(token["key"].encode(), key.encode())

"""Flows without HTTP: the stage that stands, what an answer to it does, and the stages that need no answer."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable
from typing import Any

from zotops.lab.provider import mfa, second_factor, sessions
from zotops.lab.provider.document import SIGN_OUT_FLOW, now
from zotops.lab.provider.scene import Errors, Scene, error, go_on, pending
from zotops.lab.state import Document

_FIRST = {"authentication": "identification", "authorization": "consent", "invalidation": "session_end"}


def begin(scene: Scene, slug: str) -> None:
    """Start the flow anew."""
    stage = _FIRST[scene.document["flows"][slug]["designation"]]
    if slug == SIGN_OUT_FLOW:
        stage = "logout"
    empty: Document = {
        "uid_field": "",
        "user": None,
        "method": "password",
        "secret": "",
        "codes": [],
        "to": "/",
        "token": "",
    }
    scene.document["sessions"][scene.key]["flow"] = {"slug": slug, "stage": stage} | empty


def show(scene: Scene) -> dict[str, Any]:
    """The challenge of the stage that stands; what needs no answer happens here, and a redirect ends the flow."""
    plan = scene.plan
    slug = plan["slug"]
    if plan["stage"] == "login":
        scene.key = sessions.log_in(scene.document, scene.key, plan["user"], plan["method"])
        return _dressed(scene, slug, {"component": "xak-flow-redirect", "to": scene.next_page})
    if plan["stage"] == "logout":
        sessions.log_out(scene.document, scene.key)
        return _dressed(scene, slug, {"component": "xak-flow-redirect", "to": "/"})
    if plan["stage"] == "redirect":
        scene.document["sessions"][scene.key]["flow"] = None
        return _dressed(scene, slug, {"component": "xak-flow-redirect", "to": plan["to"]})
    return _dressed(scene, slug, _SHOWN[plan["stage"]](scene))


def submit(scene: Scene, answer: dict[str, Any]) -> Errors:
    """Give the stage that stands an answer; no errors means that the flow has moved on (or ended in a refusal)."""
    stage = _ANSWERED.get(scene.plan["stage"])
    return stage(scene, answer) if stage else {}


def _dressed(scene: Scene, slug: str, challenge: dict[str, Any]) -> dict[str, Any]:
    title = scene.document["flows"][slug]["name"]
    look = {"background": "", "background_themed_urls": None, "layout": "stacked"}
    return challenge | {"flow_info": {"title": title, "cancel_url": "/flows/-/cancel/"} | look}


def _show_identification(scene: Scene) -> dict[str, Any]:
    together = scene.document["login"]["password_with_user_name"]
    ask = {"user_fields": ["username", "email"], "password_fields": together, "flow_designation": "authentication"}
    look = {"primary_action": "Log in", "sources": [], "show_source_labels": False, "enable_remember_me": False}
    return {"component": "ak-stage-identification"} | ask | look


def _show_consent(scene: Scene) -> dict[str, Any]:
    if not scene.plan["token"]:
        return {"component": "ak-stage-flow-error", "request_id": uuid.uuid4().hex, "error": "nothing to consent to"}
    asked = [{"name": "General Profile Information", "id": "profile"}]
    more = {"permissions": asked, "additional_permissions": [], "token": scene.plan["token"]}
    return pending(scene, "ak-stage-consent", header_text="You're about to sign into the application.", **more)


def _identify(scene: Scene, answer: dict[str, Any]) -> Errors:
    text = answer.get("uid_field")
    if not isinstance(text, str) or not text:
        return error("uid_field", "This field may not be blank.", "blank")
    scene.plan.update(uid_field=text, user=_user_called(scene.document, text), stage="password")
    if not scene.document["login"]["password_with_user_name"]:
        return {}
    if _check_password(scene, answer):
        scene.plan["stage"] = "identification"
        return error("non_field_errors", "Failed to authenticate.")
    return {}


def _user_called(document: Document, text: str) -> str | None:
    for name, user in document["users"].items():
        if text.lower() in (name.lower(), user["email"].lower() or None):
            return str(name)
    return None


def _check_password(scene: Scene, answer: dict[str, Any]) -> Errors:
    """Whether there is such a user is not told: a wrong name fails here like a wrong password."""
    method = _method(scene.document, scene.plan["user"], answer.get("password"))
    if method is None:
        return error("password", "Invalid password")
    scene.plan["method"] = method
    _after_password(scene)
    return {}


def _method(document: Document, username: str | None, password: object) -> str | None:
    user = document["users"].get(username)
    if user is None or not user["is_active"] or not isinstance(password, str) or not password:
        return None
    if user["password"] and hmac.compare_digest(user["password"].encode(), password.encode()):
        return "password"
    for token in document["tokens"].values():
        alive = not token["expiring"] or not token["expires"] or token["expires"] > now()
        if (token["intent"], token["user"], token["key"]) == ("app_password", username, password) and alive:
            return "token"
    return None


def _after_password(scene: Scene) -> None:
    username, login = scene.plan["user"], scene.document["login"]
    forced = scene.quirks.get("force_mfa") if username == scene.ci_user else None
    if mfa.devices_of(scene.document, username):
        scene.plan["stage"] = "validation"
    elif forced:
        scene.plan["stage"] = "static" if forced == "static" else "totp"
    elif login["mfa"] == "configure":
        scene.plan["stage"] = login["enrol"][0] if len(login["enrol"]) == 1 else "validation"
    elif login["mfa"] == "deny":
        scene.plan["stage"] = "denied"
    else:
        go_on(scene)


def _remember(scene: Scene, answer: dict[str, Any]) -> Errors:
    if not isinstance(answer.get("remember_me"), bool):
        return error("remember_me", "Must be a valid boolean.")
    scene.plan["stage"] = "login"
    return {}


def _consent(scene: Scene, answer: dict[str, Any]) -> Errors:
    if not scene.plan["token"] or answer.get("token") != scene.plan["token"]:
        return error("token", "Invalid consent token, re-showing prompt")
    scene.plan["stage"] = "redirect"
    return {}


_SHOWN: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "identification": _show_identification,
    "password": lambda scene: pending(scene, "ak-stage-password", allow_show_password=False),
    "validation": second_factor.show_validation,
    "totp": second_factor.show_totp,
    "static": second_factor.show_static,
    "remember": lambda scene: pending(scene, "ak-stage-user-login"),
    "denied": lambda scene: pending(scene, "ak-stage-access-denied", error_message="No authenticator is set up."),
    "consent": _show_consent,
    "session_end": lambda scene: pending(scene, "ak-stage-session-end", brand_name="authentik"),
}
_ANSWERED: dict[str, Callable[[Scene, dict[str, Any]], Errors]] = {
    "identification": _identify,
    "password": _check_password,
    "validation": second_factor.validate,
    "totp": second_factor.enrol_totp,
    "static": second_factor.enrol_static,
    "remember": _remember,
    "consent": _consent,
}

"""The few HTML pages of the stand-in: plain forms that a person or a browser test can fill."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

_STYLE = (
    "body{font:16px sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}label{display:block;margin:.8rem 0}"
    "input{display:block;font:inherit;padding:.3rem}td{padding:.3rem .8rem .3rem 0}form.inline,form.inline input"
    "{display:inline}.error{color:#a00}.practice{background:#fe9;padding:.2rem .6rem}"
)


def page(title: str, body: str, status: int = 200) -> Response:
    """A whole page; it says that this is a practice world."""
    head = f'<meta charset="utf-8"><title>{escape(title)} - authentik (practice)</title><style>{_STYLE}</style>'
    banner = '<p class="practice">PRACTICE: a stand-in for Authentik, nothing here is real.</p>'
    return HTMLResponse(f"<!doctype html><html lang=en><head>{head}</head><body>{banner}{body}</body></html>", status)


def error_page(text: str, status: int = 400) -> Response:
    """A request that cannot be answered."""
    return page("Error", f"<h1>Bad Request</h1><p>{escape(text)}</p>", status)


def denied_page(username: str, application: str) -> Response:
    """The user is signed in but the application's bindings do not let it pass; 200, as Authentik answers."""
    who = f"<p>{escape(username)} has no access to {escape(application)}.</p>"
    return page("Permission denied", f'<h1>Permission denied</h1><p class="error">Request has been denied.</p>{who}')


def form(body: str, button: str, *, action: str = "", inline: bool = False) -> str:
    """A form that posts to `action`, or to its own page."""
    target = f' action="{escape(action)}"' if action else ""
    kind = ' class="inline"' if inline else ""
    return f'<form method="post"{target}{kind}>{body}<button type="submit">{escape(button)}</button></form>'


def field(label: str, name: str, kind: str = "text", value: str = "") -> str:
    """A labelled input."""
    return (
        f'<label>{escape(label)}<input name="{escape(name)}" type="{kind}" value="{escape(value)}" '
        'autocomplete="off"></label>'
    )


def challenge_form(challenge: dict[str, Any]) -> str:
    """A form for the challenge of a flow; user name and password are asked together."""
    shown = _FORMS.get(challenge["component"])
    return shown(challenge) if shown else f"<p>{escape(challenge['component'])}</p>"


def _identification(_: dict[str, Any]) -> str:
    return form(field("Email or Username", "uid_field") + field("Password", "password", "password"), "Log in")


def _totp(challenge: dict[str, Any]) -> str:
    link = f"<p>Set up an authenticator: <code>{escape(challenge['config_url'])}</code></p>"
    return link + form(field("Code", "code"), "Continue")


def _static(challenge: dict[str, Any]) -> str:
    codes = escape("\n".join(challenge["codes"]))
    return f"<p>Keep these codes:</p><pre>{codes}</pre>" + form("", "Continue")


def _session_end(_: dict[str, Any]) -> str:
    out = '<a href="/if/flow/default-invalidation-flow/">Log out of authentik</a>'
    return f"<p>You have signed out of the application.</p><p>{out}</p>"


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def csrf_field(value: str) -> str:
    """The CSRF value that a form of a signed-in page carries."""
    return _hidden("csrf", value)


def _validation(challenge: dict[str, Any]) -> str:
    if challenge["device_challenges"]:
        return form(field("Authentication code", "code"), "Continue")
    return "".join(
        form(_hidden("selected_stage", stage["pk"]), stage["verbose_name"])
        for stage in challenge["configuration_stages"]
    )


_FORMS: dict[str, Callable[[dict[str, Any]], str]] = {
    "ak-stage-identification": _identification,
    "ak-stage-password": lambda _: form(field("Password", "password", "password"), "Continue"),
    "ak-stage-authenticator-validate": _validation,
    "ak-stage-authenticator-totp": _totp,
    "ak-stage-authenticator-static": _static,
    "ak-stage-user-login": lambda _: form("", "Stay signed in"),
    "ak-stage-consent": lambda challenge: form(_hidden("token", challenge["token"]), "Continue"),
    "ak-stage-access-denied": lambda challenge: f'<p class="error">{escape(challenge["error_message"])}</p>',
    "ak-stage-session-end": _session_end,
}

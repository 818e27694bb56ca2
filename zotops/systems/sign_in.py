"""A sign-in at the registry without a person, through the identity provider's own pages, as the CI user only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Profile
from zotops.systems.browser import Browser, bare, origin_of
from zotops.systems.zot_login import begin_login, signed_in_as
from zotops.world import Programs, Reply, Secret

FLOW_PAGE = "/if/flow/"
OK = 200
# More hops and stages than any configuration of the provider has; less than a loop.
HOPS = 12
RECOVERY_MINUTES = "10"
RECOVERY_PATH = "/recovery/use-token/"
MEANT_FOR_PEOPLE = {
    "ak-stage-authenticator-validate": 'it demands a second factor; use `sign_in = "recovery-key"` in the profile',
    "ak-stage-authenticator-totp": 'it wants a second factor to be enrolled; use `sign_in = "recovery-key"`',
    "ak-stage-authenticator-static": 'it wants a second factor to be enrolled; use `sign_in = "recovery-key"`',
    "ak-stage-access-denied": "it refuses this user; look at the application's bindings",
    "ak-stage-identification": "nobody is signed in there; the recovery key may have been used before",
    "ak-stage-flow-error": "its flow is broken; look at its log",
}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the provider's pages are answered with; without a password only what needs none."""

    user: str
    password: Secret | None = None

    def to(self, challenge: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer to a stage; None when it is meant for a person."""
        component = challenge.get("component")
        if component == "ak-stage-consent":
            return {"token": challenge.get("token", "")}
        if component == "ak-stage-user-login":
            return {"remember_me": False}
        if self.password is None:
            return None
        if component == "ak-stage-identification":
            together = {"password": self.password.reveal()} if challenge.get("password_fields") else {}
            return {"uid_field": self.user} | together
        return {"password": self.password.reveal()} if component == "ak-stage-password" else None


def make_recovery_key(programs: Programs, profile: Profile) -> Secret:
    """Have the provider's worker make a link that signs the CI user in once; no password, no second factor.

    ActionFailed when it makes none: an unknown user is a message on stderr and exit code 0 (Authentik's source).
    """
    blueprint = profile.identity_provider.blueprint
    where = ("--context", blueprint.context, "-n", blueprint.namespace)
    command = ("ak", "create_recovery_key", RECOVERY_MINUTES, profile.ci.name)
    done = programs.run(("kubectl", *where, "exec", f"deploy/{blueprint.worker}", "--", *command), timeout=90.0)
    lines = done.out.split()
    if done.code != 0 or not lines or RECOVERY_PATH not in lines[-1]:
        said = (done.err.strip().splitlines() or ["it said nothing"])[-1]
        raise ActionFailed(
            f"the worker made no recovery key for {profile.ci.name}: {said}", remedy="try kubectl yourself"
        )
    return Secret(lines[-1])


def use_recovery_key(browser: Browser, profile: Profile, link: Secret) -> None:
    """Open the link: the browser is signed in at the provider, and the link is spent."""
    reply = browser.visit(urljoin(f"{profile.identity_provider.url}/", link.reveal()))
    if browser.target(reply) is None:
        raise ActionFailed(f"{profile.identity_provider.url} does not take the recovery key: {reply.status}")


def who_is_signed_in(browser: Browser, profile: Profile) -> str:
    """Whom the provider takes the browser for; empty: for nobody."""
    reply = browser.visit(f"{profile.identity_provider.url}/api/v3/core/users/me/", headers=_asking(browser, profile))
    if reply.status != OK:
        return ""
    answer = reply.json()
    user = answer.get("user", {}) if isinstance(answer, dict) else {}
    return str(user.get("username", ""))


def sign_in_at_registry(browser: Browser, profile: Profile, answers: Answers) -> None:
    """From SIGN IN WITH OIDC to the registry's own session, as `answers.user`.

    Before the provider's code is handed to the registry, the provider has to say who is signed in: a sign-in as
    somebody else changes that person's groups at the registry. ActionFailed when anything differs.
    """
    callback = _walk(browser, profile, begin_login(browser, profile).url, answers)
    me = who_is_signed_in(browser, profile)
    if me != answers.user:
        raise ActionFailed(
            f"{profile.identity_provider.url} takes the session for {me or 'nobody'}, not {answers.user}"
        )
    reply = browser.visit(callback)
    name = signed_in_as(browser, profile)
    if name != answers.user:
        raise ActionFailed(
            f"the registry took the sign-in of {answers.user} for {name or 'nobody'} ({reply.status})",
            remedy="look at claimMapping in http.auth.openid and at the registry's log",
        )


def _walk(browser: Browser, profile: Profile, url: str, answers: Answers) -> str:
    """Follow the provider's redirects and flows up to the registry's callback, which is not visited."""
    provider = {origin_of(profile.identity_provider.url), origin_of(profile.identity_provider.issuer)}
    for _ in range(HOPS):
        if origin_of(url) == origin_of(profile.registry.url):
            return _granted(profile, url)
        if origin_of(url) not in provider:
            raise ActionFailed(f"the sign-in leads to {bare(url)}, which is not the identity provider")
        if urlsplit(url).path.startswith(FLOW_PAGE):
            url = _through_flow(browser, profile, url, answers)
            continue
        reply = browser.visit(url)
        onward = browser.target(reply)
        if onward is None:
            raise ActionFailed(
                f"{bare(url)} answers {reply.status} instead of a redirect",
                remedy="compare the provider's redirect address and bindings with the profile",
            )
        url = onward
    raise ActionFailed(f"the sign-in goes round in circles at {bare(url)}")


def _granted(profile: Profile, url: str) -> str:
    query = parse_qs(urlsplit(url).query)
    if bare(url) != profile.redirect_uri or "error" in query or "code" not in query:
        said = query.get("error_description", query.get("error", ["no code"]))[0]
        raise ActionFailed(f"{profile.identity_provider.url} sends back to {bare(url)}: {said}")
    return url


def _through_flow(browser: Browser, profile: Profile, page: str, answers: Answers) -> str:
    """Answer a flow's stages through its JSON interface; judged by `component`, never by status."""
    parts = urlsplit(page)
    slug = parts.path.removeprefix(FLOW_PAGE).strip("/")
    # `query` has to come with every call: without it the flow ends at the start page.
    url = f"{origin_of(page)}/api/v3/flows/executor/{slug}/?query={quote(parts.query, safe='')}"
    reply = browser.visit(url, headers=_asking(browser, profile))
    for _ in range(HOPS):
        challenge = _challenge(reply)
        component = str(challenge.get("component", ""))
        if component == "xak-flow-redirect":
            return urljoin(page, str(challenge.get("to", "/")))
        answer = answers.to(challenge)
        if answer is None:
            remedy = MEANT_FOR_PEOPLE.get(component, "that stage needs a person")
            raise ActionFailed(f"{origin_of(page)} shows {component or 'nothing known'}", remedy=remedy)
        headers = _asking(browser, profile) | {"Content-Type": "application/json"}
        reply = browser.visit(url, method="POST", headers=headers, body=json.dumps(answer).encode())
        if browser.target(reply) is None:
            _refuse(reply, component)
        reply = browser.visit(url, headers=_asking(browser, profile))
    raise ActionFailed(f"{bare(page)} goes round in circles")


def _refuse(reply: Reply, component: str) -> None:
    """A right answer is a redirect to the same address; anything else says what was wrong with it."""
    shown = _challenge(reply)
    if shown.get("response_errors"):
        raise ActionFailed(f"the provider refuses the answer to {component}", remedy="user name or password is wrong")
    if shown.get("component") in {component, "ak-stage-access-denied"}:
        raise ActionFailed(f"the provider refuses at {component}: {shown.get('error_message', 'no reason given')}")


def _challenge(reply: Reply) -> Mapping[str, Any]:
    answer = reply.json()
    if not isinstance(answer, dict):
        raise Unreachable(f"{bare(reply.url)} answers in a form that is not known")
    return answer


def _asking(browser: Browser, profile: Profile) -> dict[str, str]:
    """What a page of the provider sends with its own requests; the CSRF value rotates when somebody signs in."""
    provider = profile.identity_provider.url
    headers = {"Accept": "application/json", "Origin": origin_of(provider), "Referer": f"{provider}/"}
    token = browser.cookie(provider, "authentik_csrf")
    return headers | ({"X-authentik-CSRF": token} if token else {})

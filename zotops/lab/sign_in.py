"""Signs in at the practice registry by user name and password, through the provider's flow executor."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from zotops.lab.first_key import Browser

ANSWERS = {"ak-stage-identification": "uid_field", "ak-stage-password": "password"}
# What is set up on the way: its codes are shown, and that is all.
ENROLLED = "ak-stage-authenticator-static"


def sign_in_with_password(world: dict[str, Any], user: str, password: str, *, browser: Browser | None = None) -> bool:
    """Whether that user comes back to the registry signed in; the session is then in the browser."""
    registry, provider = world["registry"]["url"], world["identity_provider"]["url"]
    browser = browser or Browser()
    status, page = browser.follow(f"{registry}/zot/auth/login?provider=oidc", until="/if/flow/")
    if status != 302:  # noqa: PLR2004  # a redirect to the login page, or there is none
        return False
    slug = urlsplit(page).path.removeprefix("/if/flow/").strip("/")
    executor = f"{provider}/api/v3/flows/executor/{slug}/?query={quote(urlsplit(page).query)}"
    values = {"uid_field": user, "password": password}
    for _ in range(8):
        _, _, text = browser.ask(executor)
        stage = json.loads(text)
        if stage["component"] == "xak-flow-redirect":
            status, _ = browser.follow(urljoin(provider, stage["to"]), until="")
            return status in (200, 201)
        field = ANSWERS.get(stage["component"])
        if field is None and stage["component"] != ENROLLED:
            return False
        body = {field: values[field]} if field else {}
        body |= {"password": password} if stage.get("password_fields") else {}
        headers = {"Content-Type": "application/json"}
        browser.ask(executor, method="POST", body=json.dumps(body), headers=headers)
    return False

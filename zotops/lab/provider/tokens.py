"""What an ID token says, and how Authentik writes durations."""

from __future__ import annotations

import time
from typing import Any

from zotops.lab.provider.claims import claims, subject
from zotops.lab.state import Document

ACR = "goauthentik.io/providers/oauth2/default"


def id_claims(
    document: Document, quirks: Document, name: str, *, issuer: str, username: str, scopes: list[str]
) -> dict[str, Any]:
    """The claims of an ID token; those of the scopes only with the provider's `include_claims_in_id_token`."""
    provider, moment = document["providers"][name], int(time.time())
    who = {"iss": issuer, "sub": subject(document, provider, username), "aud": provider["client_id"]}
    when = {"exp": moment + seconds(provider["access_token_validity"]), "iat": moment, "auth_time": moment}
    own = who | when | {"acr": ACR, "azp": provider["client_id"], "uid": document["users"][username]["uid"][:40]}
    return own | (claims(document, quirks, username, scopes) if provider["include_claims_in_id_token"] else {})


def seconds(duration: str) -> int:
    """A duration as Authentik writes it, `hours=1;minutes=5`, in seconds."""
    units = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800}
    parts = (part.split("=") for part in duration.split(";") if part)
    return sum(units[unit] * int(number) for unit, number in parts)

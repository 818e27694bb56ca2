"""The identity provider's discovery document, as the registry's own host sees it."""

from __future__ import annotations

from zotops.errors import Unreachable
from zotops.systems.server import RegistryHost

OK, NOT_FOUND = 200, 404


def discovery_address(issuer: str) -> str:
    """Where the document is; an issuer's last slash is not doubled (OpenID Connect Discovery 1.0, section 4)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def read_issuer(host: RegistryHost, issuer: str) -> str | None:
    """The issuer that the document at this issuer's address names; None: there is no such application (404).

    Asked from the registry's host, because the provider builds the name from the host that is asked for.
    """
    address = discovery_address(issuer)
    reply = host.send("GET", address)
    if reply.status == NOT_FOUND:
        return None
    if reply.status != OK:
        raise Unreachable(f"{address} answered {reply.status}", remedy="is the identity provider well?")
    document = reply.json()
    return str(document.get("issuer") or "") if isinstance(document, dict) else ""

"""The signature of ID tokens; imported when first needed, for its libraries are slow to load."""

from __future__ import annotations

import functools
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from zotops.lab.provider.store import Store
from zotops.lab.state import Document


def signed(store: Store, provider: Document, content: dict[str, Any]) -> str:
    """The content as a JWT: RS256 with the provider's key, HS256 with its client secret when it has none."""
    if provider["signing_key"] is None:
        return jwt.encode({"alg": "HS256"}, content, OctKey.import_key(provider["client_secret"]))
    key = _key(store, provider["signing_key"])
    return jwt.encode({"alg": "RS256", "kid": key.thumbprint()}, content, key)


def public_keys(store: Store, provider: Document) -> list[dict[str, Any]]:
    """The public keys of the provider; none when it signs with the client secret."""
    if provider["signing_key"] is None:
        return []
    key = _key(store, provider["signing_key"])
    return [dict(key.as_dict(private=False)) | {"kid": key.thumbprint(), "use": "sig", "alg": "RS256"}]


def _key(store: Store, name: str) -> RSAKey:
    """The key of that name, made when it is first needed: that would cost every world's start."""
    jwk = store.read()["signing_keys"][name]["jwk"]
    if jwk is None:
        fresh = RSAKey.generate_key(2048).as_dict(private=True)
        with store.edit() as document:
            row = document["signing_keys"][name]
            row["jwk"] = jwk = row["jwk"] or fresh
    return _imported(json.dumps(jwk))


@functools.cache
def _imported(jwk: str) -> RSAKey:
    return RSAKey.import_key(json.loads(jwk))

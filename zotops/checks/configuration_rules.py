"""What a hardened registry's configuration has to say, judged against the profile's tiers; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from zotops.checks.access_rules import Json, access_problems, table, texts
from zotops.profile import Profile

EXPECTED_CHANGES = ("http.auth", "http.accessControl", "http.externalUrl")


class NotJsonError(Exception):
    """The text is no JSON object, or says one thing twice."""


def parse_configuration(text: str) -> Mapping[str, Json]:
    """The configuration; a key that stands there twice is refused, because then one of the two is ignored."""
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise NotJsonError(str(error)) from error
    if not isinstance(found, dict):
        raise NotJsonError("it is no JSON object")
    return found


def _once(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NotJsonError(f"{twice[0]} stands there twice")
    return dict(pairs)


def problems(configuration: Mapping[str, Json], profile: Profile) -> list[str]:
    """Everything that is not as the profile wants it, one sentence each."""
    http = table(configuration, "http")
    auth, access = table(http, "auth"), table(http, "accessControl")
    if auth and not access:
        return ["half-hardened: auth without accessControl, so whoever signs in may do everything"]
    if access and not auth:
        return ["half-hardened: accessControl without auth, so nobody can sign in"]
    found = [*_sign_in(auth, profile), *access_problems(access, profile)]
    if http.get("externalUrl") != profile.registry.url:
        found.append(f"externalUrl is {http.get('externalUrl')!r}, not {profile.registry.url}")
    return found


def unexpected_changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[str]:
    """Dotted names of everything that differs beyond the four parts; never values."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    differing = {name for name in old.keys() | new.keys() if old.get(name, ...) != new.get(name, ...)}
    return sorted(name for name in differing if not _is_expected(name))


def _is_expected(name: str) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in EXPECTED_CHANGES)


def _sign_in(auth: Mapping[str, Json], profile: Profile) -> Iterator[str]:
    wanted = profile.identity_provider
    provider = table(table(table(auth, "openid"), "providers"), wanted.provider_key)
    if not provider:
        yield f"http.auth.openid has no provider {wanted.provider_key}"
        return
    if provider.get("issuer") != wanted.issuer:
        yield f"the issuer is {provider.get('issuer')!r}, not {wanted.issuer}"
    if provider.get("credentialsFile") != profile.server.credentials:
        yield f"the credentials file is {provider.get('credentialsFile')!r}, not {profile.server.credentials}"
    if missing := sorted(set(wanted.scopes) - set(texts(provider.get("scopes")))):
        yield f"the scope {', '.join(missing)} is not asked for"
    if auth.get("apikey") is not True:
        yield "http.auth.apikey is not on"


def _leaves(document: Json, at: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(document, dict) and document:
        for name, value in document.items():
            yield from _leaves(value, f"{at}.{name}" if at else name)
    else:
        yield at, document

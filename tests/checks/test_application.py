"""The application and the provider behind it, as an identity provider of any version tells them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.checks.conftest import Here
from tests.systems.outside import Safe, Table, profile_of, tabled, world_of
from zotops.checks.application import ApplicationLetsCiIn, ProviderIsRight
from zotops.model import Verdict

API = "GET /api/v3"
ME, APPLICATION = f"{API}/core/users/me/", f"{API}/core/applications/zot/"
BINDINGS = f"{API}/policies/bindings/?target=app&page=1&page_size=100"
SCOPES = f"{API}/propertymappings/provider/scope/?page=1&page_size=100"
PROVIDERS = f"{API}/providers/oauth2/?client_id=zot&page=1&page_size=100"
ADMINS, CI_GROUP = ({"pk": name, "name": name} for name in ("admins", "artifact-workloads"))
REGISTRY = "http://127.0.0.1:9"
REDIRECT = {"matching_mode": "strict", "url": f"{REGISTRY}/zot/auth/callback/oidc"}
PROVIDER = {
    "pk": 1,
    "name": "Zot",
    "client_id": "zot",
    "client_secret": "secret",
    "client_type": "confidential",
    "redirect_uris": [REDIRECT],
    "signing_key": "k",
    "property_mappings": ["openid", "profile", "email"],
    "issuer_mode": "per_provider",
}


def page(*results: Any) -> tuple[int, Any]:
    return 200, {"pagination": {"next": 0}, "results": list(results)}


def user(pk: int, name: str) -> Table:
    return {f"{API}/core/users/?username={name}&page=1&page_size=100": page({"pk": pk, "username": name})}


def access(pk: int, *, passing: bool) -> Table:
    return {f"{API}/core/applications/zot/check_access/?for_user={pk}": (200, {"passing": passing})}


def binding(group: dict[str, str] | None, **changes: object) -> dict[str, object]:
    return {"pk": "b", "order": 0, "enabled": True, "negate": False, "group_obj": group, **changes}


def bound(*bindings: dict[str, object]) -> Table:
    return {BINDINGS: page(*bindings)}


def provider(**changes: object) -> Table:
    return {PROVIDERS: page(PROVIDER | changes)}


RIGHT: Table = {
    ME: (200, {"user": {"pk": 1, "username": "akadmin", "is_superuser": True}}),
    APPLICATION: (200, {"pk": "app", "slug": "zot", "policy_engine_mode": "any"}),
    **bound(binding(ADMINS), binding(CI_GROUP)),
    **user(7, "zot-ci"),
    **access(7, passing=True),
    **user(9, "guest"),
    **access(9, passing=False),
    SCOPES: page(*({"pk": name, "scope_name": name} for name in ("openid", "profile", "email"))),
    **provider(),
}


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[[Table], Here]]:
    with ExitStack() as stack:

        def start(changes: Table) -> Here:
            server = stack.enter_context(tabled({**RIGHT, **changes}))
            profile = profile_of(tmp_path, registry=REGISTRY, provider=server.url)
            safe = Safe({profile.provider_token: "token"})
            return Here(server=server, profile=profile, safe=safe, world=world_of(profile, safe))

        yield start


@pytest.mark.parametrize(
    ("changes", "observed", "twin"),
    [
        ({}, "bindings for both groups, mode any; zot-ci is let in", "guest: not let in"),
        (
            bound(binding(ADMINS), binding(CI_GROUP), binding(None, user=4)),
            "bindings for both groups",
            "guest: not let in",
        ),
        (bound(binding(CI_GROUP)), "no enabled binding for admins", "guest: not let in"),
        (
            bound(binding(ADMINS), binding(CI_GROUP, enabled=False)),
            "no enabled binding for artifact",
            "guest: not let in",
        ),
        (
            bound(binding(ADMINS), binding(CI_GROUP, negate=True)),
            "no enabled binding for artifact",
            "guest: not let in",
        ),
        (access(7, passing=False), "zot-ci is not let in", "guest: not let in"),
        (access(9, passing=True), "guest is let in, too", "guest: let in"),
    ],
)
def test_bindings_count_only_in_force_and_a_guest_shows_who_is_kept_out(
    answering: Callable[[Table], Here], changes: Table, observed: str, twin: str
) -> None:
    here = answering(changes)
    evidence = here.look(ApplicationLetsCiIn(profile=here.profile))
    assert evidence.verdict is (Verdict.PASSED if observed.startswith("bindings") else Verdict.FAILED)
    assert evidence.observed.startswith(observed)
    assert evidence.twin == twin


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({}, "all as expected"),
        ({"grant_types": ["authorization_code", "refresh_token"]}, "all as expected"),
        ({"grant_types": []}, "grant type authorization_code is missing"),
        ({"redirect_uris": []}, "redirect to nowhere"),
        ({"redirect_uris": [{"matching_mode": "regex", "url": "http://.*"}]}, "redirect regex http://.*"),
        ({"property_mappings": ["openid"]}, "scope"),
    ],
)
def test_what_differs_at_the_provider_is_named(
    answering: Callable[[Table], Here], changes: dict[str, object], observed: str
) -> None:
    here = answering(provider(**changes))
    evidence = here.look(ProviderIsRight(profile=here.profile))
    assert evidence.verdict is (Verdict.PASSED if observed == "all as expected" else Verdict.FAILED)
    assert evidence.observed.startswith(observed)


def test_a_token_of_somebody_who_is_no_superuser_would_be_answered_about_that_user(
    answering: Callable[[Table], Here],
) -> None:
    here = answering({ME: (200, {"user": {"pk": 4, "username": "alex", "is_superuser": False}})})
    evidence = here.look(ApplicationLetsCiIn(profile=here.profile))
    assert evidence.verdict is Verdict.UNKNOWN
    assert "the token of a superuser" in evidence.remedy


def test_without_the_application_nobody_gets_in(answering: Callable[[Table], Here]) -> None:
    here = answering({APPLICATION: (404, {"detail": "No Application matches the given query."})})
    evidence = here.look(ApplicationLetsCiIn(profile=here.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "no such application")

"""What a sign-in as the CI user would claim, whom it signs in, and what of it is removed; at a provider in a table."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.checks.test_questions import PREVIEW, PROVIDERS, claims, provider
from tests.checks.test_sessions import CLEAN, ME, SESSION, SESSIONS, TOKENS, USERS, page, tokens
from tests.platform.stand_ins import with_programs
from tests.systems.outside import Safe, Table, TableServer, tabled, world_of
from zotops.actions.ci_session import begin_session, end_session, preview_claims, session_is_left
from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Profile
from zotops.systems.browser import Browser
from zotops.world import World

TOKEN = {"identifier": "recovery-1", "intent": "recovery", "user": 7}
LOGOUT = "POST /zot/auth/logout"
USE = "GET /recovery/use-token/abc/"


@dataclass(frozen=True)
class Place:
    """One table for registry and provider."""

    server: TableServer
    profile: Profile
    world: World
    told: list[tuple[str, str]]

    @property
    def browser(self) -> Browser:
        return Browser(http=self.world.http, register=self.world.register)

    @property
    def deleted(self) -> list[str]:
        return [line.rpartition(" ")[2] for line, _ in self.server.seen if " DELETE " in line]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Any]:
    """`at({line: answer})`: a provider that is well, with these lines changed."""
    with ExitStack() as stack:

        def placed(changes: Table | None = None) -> Place:
            lines = {
                **CLEAN,
                PROVIDERS: provider(),
                PREVIEW: claims(["artifact-workloads"]),
                LOGOUT: 200,
                "DELETE /api/v3/core/authenticated_sessions/1/": 204,
                "DELETE /api/v3/core/tokens/recovery-1/": 204,
                USE: (302, b"", {"Location": "/"}),
            }
            server = stack.enter_context(tabled({**lines, **(changes or {})}))
            profile, _ = with_programs(tmp_path, kubectl="echo /recovery/use-token/abc/")
            profile = msgspec.structs.replace(
                profile,
                registry=msgspec.structs.replace(profile.registry, url=server.url),
                identity_provider=msgspec.structs.replace(profile.identity_provider, url=server.url),
            )
            told: list[tuple[str, str]] = []
            world = world_of(profile, Safe({profile.provider_token: "token"}))
            world = replace(world, tell=lambda what, result: told.append((what, result)))
            return Place(server, profile, world, told)

        yield placed


def test_claims_that_are_right_are_told(at: Any) -> None:
    place = at()
    preview_claims(place.world, place.profile)
    assert place.told == [("claims previewed", "groups: artifact-workloads (the CI tier)")]


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([], "zot-ci would sign in with no group, not with artifact-workloads"),
        (["x", "artifact-workloads"], "zot-ci would sign in with artifact-workloads, x, not with artifact-workloads"),
    ],
)
def test_claims_that_are_not_are_refused(at: Any, groups: list[str], said: str) -> None:
    place = at({PREVIEW: claims(groups)})
    with pytest.raises(ActionFailed) as caught:
        preview_claims(place.world, place.profile)
    assert caught.value.what == said
    assert place.told == []


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, False),
        ({SESSIONS: page(SESSION)}, True),
        (tokens(TOKEN), True),
        ({USERS: page()}, False),
        ({TOKENS: 405}, False),
    ],
)
def test_a_session_or_a_recovery_key_is_left_of_a_sign_in_that_was_cut_off(
    *, at: Any, changes: Table, left: bool
) -> None:
    place = at(changes)
    assert session_is_left(place.world, place.profile) is left


@pytest.mark.parametrize(
    ("changes", "deleted"),
    [
        ({}, []),
        ({SESSIONS: page(SESSION)}, ["/api/v3/core/authenticated_sessions/1/"]),
        (tokens(TOKEN), ["/api/v3/core/tokens/recovery-1/"]),
        ({SESSIONS: page(SESSION), TOKENS: 405}, ["/api/v3/core/authenticated_sessions/1/"]),
        ({USERS: page(), SESSIONS: page(SESSION)}, []),
    ],
)
def test_every_trace_of_the_user_goes_at_the_end(at: Any, changes: Table, deleted: list[str]) -> None:
    place = at(changes)
    assert end_session(place.world, place.profile, place.browser) == ()
    assert place.deleted == deleted
    assert place.told == [("signed out", "at the registry and at the identity provider")]


def test_what_cannot_be_ended_is_said_and_the_rest_is_ended_all_the_same(at: Any) -> None:
    place = at({USERS: 503})
    (left,) = end_session(place.world, place.profile, place.browser)
    assert left.startswith("a session of zot-ci may be left at the identity provider: ")
    assert place.told == [("signed out", left)]
    assert [line for line, _ in place.server.seen if LOGOUT in line]


@pytest.mark.parametrize(
    ("me", "said"),
    [
        ((200, {"user": {"username": "alex"}}), "the recovery key signed in alex, not zot-ci"),
        (403, "the recovery key signed in nobody, not zot-ci"),
    ],
)
def test_a_recovery_key_that_signs_in_somebody_else_ends_it(at: Any, me: Any, said: str) -> None:
    place = at({ME: me})
    with pytest.raises(ActionFailed) as caught:
        begin_session(place.world, place.profile, place.browser)
    assert caught.value.what == said
    assert place.told == []


def test_a_recovery_key_that_signs_in_the_ci_user_goes_on_to_the_registry(at: Any) -> None:
    place = at({ME: (200, {"user": {"username": "zot-ci"}}), "GET /zot/auth/login?provider=oidc": 404})
    with pytest.raises(Unreachable):
        begin_session(place.world, place.profile, place.browser)
    assert place.told == [("recovery key", "made in the worker, used once, now gone")]


def test_by_password_no_recovery_key_is_made(at: Any) -> None:
    place = at({"GET /zot/auth/login?provider=oidc": 404})
    ci = msgspec.structs.replace(place.profile.ci, sign_in="password", password="i/password")
    with pytest.raises(Unreachable):
        begin_session(place.world, msgspec.structs.replace(place.profile, ci=ci), place.browser)
    assert not [line for line, _ in place.server.seen if "/recovery/" in line]

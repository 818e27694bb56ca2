from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.checks.conftest import HARDENED, IMAGE, Here
from tests.systems.outside import KEY, Safe, Table, profile_of, tabled, world_of
from zotops.checks.questions import ApiKeyOptionWorks, ClaimMatchesGroup, KeyInheritsGroup
from zotops.model import Verdict

USERS = "GET /api/v3/core/users/?username=zot-ci&page=1&page_size=100"
PROVIDERS = "GET /api/v3/providers/oauth2/?client_id=zot&page=1&page_size=100"
PREVIEW = "GET /api/v3/providers/oauth2/3/preview_user/?for_user=7"
CREATE, UPDATE = f"key PUT {IMAGE}/manifests/unused", f"key PUT {IMAGE}/manifests/v1"
TAGS = f"key GET {IMAGE}/tags/list"
GROUP = {"pk": "g", "name": "artifact-workloads"}


def page(*results: Any) -> tuple[int, Any]:
    return 200, {"pagination": {"next": 0}, "results": list(results)}


def provider(**fields: Any) -> tuple[int, Any]:
    return page({"pk": 3, "name": "Zot", "client_id": "zot", "client_secret": "very-secret", **fields})


def claims(groups: Any, name: str = "zot-ci") -> tuple[int, Any]:
    return 200, {"preview": {"preferred_username": name, "groups": groups}}


LINES: Table = {
    **HARDENED,
    USERS: page({"pk": 7, "username": "zot-ci", "groups_obj": [GROUP]}),
    PROVIDERS: provider(),
    PREVIEW: claims(["artifact-workloads"]),
}
ALL = (ClaimMatchesGroup, ApiKeyOptionWorks, KeyInheritsGroup)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Any]:
    """Registry and provider as one table."""
    with ExitStack() as stack:

        def answering(changes: Table | None = None, *, key: str = KEY) -> Here:
            server = stack.enter_context(tabled({**LINES, **(changes or {})}))
            profile = profile_of(tmp_path, registry=server.url, provider=server.url)
            safe = Safe({profile.provider_token: "token", profile.current_key.secret: key})
            return Here(server=server, profile=profile, safe=safe, world=world_of(profile, safe))

        yield answering


@pytest.mark.parametrize("check", ALL)
def test_the_answer_is_yes_where_both_observations_say_so(check: type, both: Any) -> None:
    here = both()
    assert here.look(check(profile=here.profile)).verdict is Verdict.PASSED


@pytest.mark.parametrize("check", ALL)
def test_without_a_key_there_is_no_answer_yet_and_without_a_registry_it_is_unknown(
    check: type, both: Any, nowhere: Here
) -> None:
    here = both(key="")
    assert here.look(check(profile=here.profile)).observed == "no key yet"
    assert nowhere.look(check(profile=nowhere.profile)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("check", "changes", "observed", "likely"),
    [
        (ClaimMatchesGroup, {PREVIEW: claims(["Artifact-Workloads"])}, "Artifact-Workloads", "spells it otherwise"),
        (ClaimMatchesGroup, {PREVIEW: claims([])}, "no group", "is not in exactly this group"),
        (
            ClaimMatchesGroup,
            {PREVIEW: claims(["artifact-workloads", "admins"])},
            "admins",
            "is not in exactly this group",
        ),
        (ClaimMatchesGroup, {CREATE: 403}, "new tag 403", "has not signed in since"),
        (ApiKeyOptionWorks, {"GET /zot/auth/apikey": 404}, "key API 404", "the option is not set"),
        (ApiKeyOptionWorks, {"key GET /v2/": 401}, "401 with the key", "the option is not set"),
        (ApiKeyOptionWorks, {"other GET /v2/": 200}, "200 with the key", "the option is not set"),
        (KeyInheritsGroup, {CREATE: 403}, "new tag 403, existing tag 403", "is not in exactly"),
        (KeyInheritsGroup, {CREATE: 401, TAGS: 401}, "new tag 401, existing tag 401", "does not take this key"),
        (KeyInheritsGroup, {UPDATE: 415}, "new tag 415, existing tag 415", "is not in exactly"),
        (KeyInheritsGroup, {f"other {CREATE.removeprefix('key ')}": 415}, "new tag 415", "is not in exactly"),
    ],
)
def test_each_observation_alone_can_refute_it(
    check: type, changes: Table, observed: str, likely: str, both: Any
) -> None:
    here = both(changes)
    evidence = here.look(check(profile=here.profile))
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed
    assert likely in evidence.likely


@pytest.mark.parametrize(
    ("check", "changes"),
    [(ClaimMatchesGroup, {CREATE: 500}), (KeyInheritsGroup, {CREATE: 500}), (KeyInheritsGroup, {UPDATE: 429})],
)
def test_an_answer_that_says_nothing_about_rights_is_unknown(check: type, changes: Table, both: Any) -> None:
    evidence = (here := both(changes)).look(check(profile=here.profile))
    assert evidence.verdict is Verdict.UNKNOWN
    assert evidence.observed == f"{next(iter(changes.values()))}, which says nothing about rights"


def test_groups_left_out_of_the_id_token_are_looked_up_at_the_user(both: Any) -> None:
    here = both({PROVIDERS: provider(include_claims_in_id_token=False), PREVIEW: (200, {"preview": {"sub": "x"}})})
    assert here.look(ClaimMatchesGroup(profile=here.profile)).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "changes",
    [{USERS: page()}, {PROVIDERS: page()}, {PREVIEW: claims(["artifact-workloads"], "alex")}, {PREVIEW: (400, {})}],
)
def test_a_preview_that_cannot_be_had_is_unknown(changes: Table, both: Any) -> None:
    here = both(changes)
    assert here.look(ClaimMatchesGroup(profile=here.profile)).verdict is Verdict.UNKNOWN

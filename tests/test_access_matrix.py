"""What is right for whom: the table as it was measured on zot 2.1.20, and where a credential may go."""

from pathlib import Path

import msgspec
import pytest

from tests.systems.outside import profile_of
from zotops.access_asks import ASKS, tells
from zotops.access_matrix import Cell, addresses, cells, expected, places, plants, principals
from zotops.access_sentences import sentences
from zotops.profile import Address, Profile, Verify

# Rows: kind of place and request; columns: nobody, a made-up credential, in no group, CI, an admin.
MEASURED = {
    ("registry", "ping"): (200, 401, 200, 200, 200),
    ("registry", "ping-docker"): (401, 401, 200, 200, 200),
    ("registry", "keys"): ((401, 500), 401, 200, 200, 200),
    ("registry", "catalog"): (200, 401, 200, 200, 200),
    ("image", "tags"): (200, 401, 200, 200, 200),
    ("image", "manifest-by-tag"): (200, 401, 200, 200, 200),
    ("image", "manifest-by-digest"): (200, 401, 200, 200, 200),
    ("image", "blob"): (200, 401, 200, 200, 200),
    ("image", "create"): (401, 401, 403, 415, 415),
    ("image", "create-by-digest"): (401, 401, 403, 415, 415),
    ("image", "overwrite"): (401, 401, 403, 403, 415),
    ("image", "overwrite-latest"): (401, 401, 403, 403, 415),
    ("image", "move"): (401, 401, 403, 403, (403, 415)),
    ("image", "delete-tag"): (401, 401, 403, 403, (400, 404)),
    ("image", "delete-manifest"): (401, 401, 403, 403, (400, 404)),
    ("mirror", "tags"): ((200, 404), 401, (200, 404), (200, 404), (200, 404)),
    ("mirror", "create"): (401, 401, 403, (403, 415), (403, 415)),
    ("mirror", "overwrite-cached"): (401, 401, 403, 403, (403, 415)),
    ("mirror", "delete-tag"): (401, 401, 403, 403, (400, 403, 404)),
    ("missing", "tags"): (404, 401, 404, 404, 404),
    ("missing", "manifest-by-tag"): (404, 401, 404, 404, 404),
    ("missing", "create"): (401, 401, 403, 415, 415),
    ("missing", "delete-tag"): (401, 401, 403, 403, (400, 404)),
}
LOGINS = Verify(guest_key="i/guest", admin="alex", admin_key="i/admin", dead_key="i/dead")


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return msgspec.structs.replace(profile_of(tmp_path, registry="http://127.0.0.1:1"), verify=LOGINS)


def with_addresses(profile: Profile, url: str, *others: Address, trusted: bool = False) -> Profile:
    registry = msgspec.structs.replace(
        profile.registry, url=url, plain_http_is_trusted=trusted, addresses=tuple(others)
    )
    return msgspec.structs.replace(profile, registry=registry)


@pytest.mark.parametrize(("kind", "ask"), MEASURED, ids="-".join)
def test_what_is_right_was_measured(kind: str, ask: str, profile: Profile) -> None:
    place = next(each for each in places(profile) if each.kind == kind)
    asked = next(each for each in ASKS if each.id == ask)
    who = {each.id: each for each in principals(profile)}
    for name, right in zip(("nobody", "forged", "guest", "ci", "admin"), MEASURED[kind, ask], strict=True):
        assert expected(who[name], asked, place) == set(right if isinstance(right, tuple) else (right,)), name


def test_an_empty_secret_is_nobody_and_a_dead_key_is_made_up(profile: Profile) -> None:
    who = {each.id: each for each in principals(profile)}
    for ask in ASKS:
        for place in places(profile):
            assert expected(who["empty"], ask, place) == expected(who["nobody"], ask, place)
            assert expected(who["dead"], ask, place) == {401}


def test_every_right_answer_tells_something(profile: Profile) -> None:
    assert [str(cell) for cell in cells(profile) if not cell.expected <= tells(cell.ask)] == []


def test_every_cell_but_those_that_plant_is_in_exactly_one_sentence(profile: Profile) -> None:
    known = sentences(profile)
    for cell in cells(profile):
        assert len([one.name for one in known if one.holds(cell) and not one.advisory]) == 1, str(cell)


def test_no_two_sentences_have_one_name(profile: Profile) -> None:
    named = [one.name for one in sentences(profile)]
    assert len(named) == len(set(named))


def test_a_bad_credential_is_asked_once_an_action_and_address(profile: Profile) -> None:
    asked = [cell for cell in cells(profile) if cell.principal.id == "forged"]
    everywhere = [ask for ask in ASKS if ask.places != ("mirror",)]
    assert len(asked) == len({(cell.ask.id, cell.address) for cell in asked}) == 2 * len(everywhere)


@pytest.mark.parametrize(
    ("url", "trusted", "sent"),
    [
        ("https://registry.invalid", False, True),
        ("http://registry.invalid", False, False),
        ("http://registry.invalid", True, True),
        ("http://127.0.0.1:1", False, False),
    ],
)
def test_a_real_key_goes_over_plain_http_only_where_that_very_address_is_trusted(
    url: str, trusted: bool, sent: bool, profile: Profile
) -> None:
    other = Address(url="http://other.invalid", plain_http_is_trusted=not trusted)
    asked = {
        cell.address.url for cell in cells(with_addresses(profile, url, other, trusted=trusted)) if cell.principal.login
    }
    assert asked == ({url} if sent else set()) | ({other.url} if not trusted else set())


def test_from_the_server_no_real_key_is_sent(profile: Profile) -> None:
    other = Address(url="https://inside.invalid", reached_from="server", plain_http_is_trusted=True)
    there = addresses(with_addresses(profile, "https://registry.invalid", other))[1]
    assert (there.with_secrets, str(there)) == (False, "https://inside.invalid (from the server)")


def test_only_pushes_below_a_mirror_plant(profile: Profile) -> None:
    found: list[Cell] = [cell for cell in cells(profile) if plants(cell)]
    assert {(cell.place.kind, cell.ask.id) for cell in found} == {("mirror", "create"), ("mirror", "create-by-digest")}
    assert {cell.principal.id for cell in found} == {"ci"}

"""The probes and keys against a running registry: what they answer, and that they leave nothing."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.systems.outside import KEY, Place, practice, tabled
from zotops.errors import ActionFailed, Uncertain, Unreachable
from zotops.systems.front_doors import FromTheServer, door_at, front_doors
from zotops.systems.server import RegistryHost
from zotops.systems.zot import (
    ANONYMOUS,
    EMPTY_BASIC,
    Caller,
    Zot,
    error_code,
    made_up_key,
    names_in,
    open_zot,
    with_key,
)
from zotops.systems.zot_image import pull_image, push_image, tiny_image
from zotops.systems.zot_keys import delete_key, has_key_form, list_keys, listed_with, mint_key
from zotops.world import Headers, Reply, Secret

IMAGE = "practice/nettest"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("zot") / "world", "hardened") as running:
        yield running


@pytest.fixture
def zot(place: Place) -> Zot:
    return open_zot(place.world, place.profile)


@pytest.fixture
def ci(place: Place) -> Caller:
    return with_key("zot-ci", place.safe.read(place.profile.current_key.secret))


def storage(place: Place) -> dict[str, str]:
    """A hash of every file and the name of every folder of the registry's storage; keys are counted elsewhere."""
    root = place.lab.root / "host" / "zot" / "data"
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(root.rglob("*"))
        if not path.name.startswith(("meta", "keys", "accounts", "sessions"))
    }


@pytest.mark.parametrize(
    ("who", "create", "others"),
    [("nobody", 401, 401), ("empty", 401, 401), ("made up", 401, 401), ("ci", 415, 403)],
)
def test_the_probes_tell_rights_and_leave_nothing(who: str, create: int, others: int, place: Place) -> None:
    zot, ci = (
        open_zot(place.world, place.profile),
        with_key("zot-ci", place.safe.read(place.profile.current_key.secret)),
    )
    caller = {"nobody": ANONYMOUS, "empty": EMPTY_BASIC, "made up": made_up_key("zot-ci"), "ci": ci}[who]
    tag = names_in(zot.tags(IMAGE), "tags")[-1]
    before = storage(place)
    seen = (
        zot.probe_create(IMAGE, caller).status,
        zot.probe_update(IMAGE, tag, caller).status,
        zot.probe_move(IMAGE, tag, caller).status,
        zot.probe_delete(IMAGE, caller).status,
    )
    missing = zot.probe_create("practice/not-there", caller).status
    assert (*seen, missing) == (create, others, others, others, create)
    assert storage(place) == before
    assert IMAGE in names_in(zot.catalog(), "repositories")


def test_a_refusal_is_the_registrys_own(zot: Zot) -> None:
    assert error_code(zot.probe_create(IMAGE, ANONYMOUS)) == "UNAUTHORIZED"
    assert error_code(Reply(method="GET", url="", status=401, headers=Headers(), body=b"<html>")) == ""
    assert error_code(Reply(method="GET", url="", status=401, headers=Headers(), body=b'{"code":"X"}')) == "X"


def test_a_key_is_made_listed_used_and_ended(zot: Zot, ci: Caller, place: Place) -> None:
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    minted = mint_key(zot, ci, label="zotops/test/1", expires=expires, register=place.world.register)
    assert has_key_form(minted.secret)
    assert minted.secret.reveal() in place.registered
    fresh = with_key("zot-ci", minted.secret)
    listed = listed_with(zot, fresh).own
    assert (listed.id, listed.label, listed.expires) == (minted.key.id, "zotops/test/1", expires)
    delete_key(zot, ci, minted.key.id)
    assert zot.ping(fresh).status == 401
    assert minted.key.id not in {key.id for key in list_keys(zot, ci)}


def test_who_is_not_signed_in_gets_no_key_and_no_list(zot: Zot) -> None:
    with pytest.raises(ActionFailed, match="made no key: 500"):
        mint_key(zot, ANONYMOUS, label="x", expires=datetime.now(UTC) + timedelta(days=1), register=print)
    with pytest.raises(Unreachable, match="does not list the keys of a made-up key: 401"):
        list_keys(zot, made_up_key("zot-ci"))
    with pytest.raises(ActionFailed, match="did not delete key x: 401"):
        delete_key(zot, made_up_key("zot-ci"), "x")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"apiKey": null}', b"[]", b'{"apiKey": "zak_x"}'])
def test_a_made_key_that_does_not_come_is_uncertain(body: bytes, place: Place) -> None:
    with tabled({"POST /zot/auth/apikey": (201, body)}) as server, pytest.raises(Uncertain):
        mint_key(
            Zot(http=place.world.http, url=server.url),
            ANONYMOUS,
            label="x",
            expires=datetime.now(UTC),
            register=place.world.register,
        )


@pytest.mark.parametrize("rows", [{"apiKeys": [{"label": 1}]}, {"apiKeys": [{"uuid": "1", "lastUsed": "yesterday"}]}])
def test_a_list_in_another_form_cannot_be_judged(rows: object, place: Place) -> None:
    with tabled({"GET /zot/auth/apikey": (200, rows)}) as server, pytest.raises(Unreachable):
        list_keys(Zot(http=place.world.http, url=server.url), ANONYMOUS)


def test_an_image_comes_back_as_it_was_pushed_and_is_not_overwritten(zot: Zot, ci: Caller) -> None:
    image = tiny_image("systems test")
    push_image(zot, "practice/zotops-scratch", "systems-1", image, ci)
    pulled = pull_image(zot, "practice/zotops-scratch", "systems-1")
    assert (pulled.digest, pulled.blobs, pulled.wrong) == (image.digest, 2, ())
    with pytest.raises(ActionFailed, match="403, not 201"):
        push_image(zot, "practice/zotops-scratch", "systems-1", tiny_image("other"), ci)
    with pytest.raises(ActionFailed, match="begin an upload"):
        push_image(zot, "practice/zotops-scratch", "systems-2", image, ANONYMOUS)


def test_an_upload_is_never_sent_to_another_server(place: Place) -> None:
    away = {"Location": "http://127.0.0.2:1/somewhere"}
    with tabled({"POST /v2/a/blobs/uploads/": (202, b"", away)}) as server:
        zot = Zot(http=place.world.http, url=server.url, trusted=True)
        with pytest.raises(Unreachable, match=r"127\.0\.0\.2:1, where no key goes"):
            push_image(zot, "a", "1", tiny_image("x"), with_key("zot-ci", Secret(KEY)))
        assert len(server.seen) == 1


def test_all_front_doors_lead_to_the_same_registry(place: Place) -> None:
    doors = front_doors(place.world, place.profile)
    assert len(doors) == 2
    assert {door.zot.catalog().body for door in doors} == {doors[0].zot.catalog().body}


def test_a_door_only_for_the_server_is_asked_from_there(place: Place) -> None:
    door = door_at(place.world, place.profile, place.profile.server.local_url, "server")
    assert door.tags(IMAGE).status == 200
    assert door.probe_create(IMAGE, EMPTY_BASIC).status == 401
    asked = FromTheServer(host=RegistryHost(world=place.world, profile=place.profile))
    with pytest.raises(Unreachable, match="is sent no bodies"):
        asked.send("PUT", "http://localhost/", body=b"x")


def test_a_secret_is_not_sent_over_plain_http_to_a_stranger(place: Place) -> None:
    stranger = Zot(http=place.world.http, url="http://registry.invalid")
    with pytest.raises(Unreachable, match="is plain http, so no key is sent there"):
        stranger.ping(with_key("zot-ci", Secret(KEY)))
    with pytest.raises(Unreachable, match=r"GET http://registry\.invalid"):
        stranger.ping(made_up_key("zot-ci"))
    registry = msgspec.structs.replace(place.profile.registry, plain_http_is_trusted=True)
    assert open_zot(place.world, msgspec.structs.replace(place.profile, registry=registry)).trusted

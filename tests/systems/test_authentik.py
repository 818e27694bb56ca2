"""The client against a running provider, and against answers that a running one does not give."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.systems.outside import Place, Safe, practice, profile_of, tabled, world_of
from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Profile
from zotops.systems.authentik import Authentik, open_authentik
from zotops.systems.authentik_answers import Session, Token, User
from zotops.systems.authentik_claims import claimed_groups, groups_in
from zotops.world import Secret


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("authentik") / "world", "hardened") as running:
        yield running


@pytest.fixture
def authentik(place: Place) -> Authentik:
    return open_authentik(place.world, place.profile)


def known(authentik: Authentik, name: str) -> User:
    user = authentik.user(name)
    assert user is not None
    return user


def test_the_token_is_the_superusers(authentik: Authentik) -> None:
    me = authentik.me()
    assert (me.user.username, me.user.is_superuser, me.original) == ("akadmin", True, None)
    assert authentik.version() == "2026.2.0"


def test_users_and_their_groups(authentik: Authentik) -> None:
    user = known(authentik, "zot-ci")
    assert (user.type, user.is_active, user.is_superuser) == ("service_account", True, False)
    assert user.groups == {"artifact-workloads"}
    assert authentik.members("artifact-workloads") == {"zot-ci"}
    assert authentik.user("nobody-of-that-name") is None
    assert authentik.group("artifact-workloads") is not None
    assert authentik.group("artifact") is None


def test_the_provider_and_its_scopes_and_its_secret_is_registered(authentik: Authentik, place: Place) -> None:
    provider = authentik.provider("zot")
    assert provider is not None
    assert provider.redirect_uris[0].url == place.profile.redirect_uri
    assert {"openid", "email", "profile"} <= authentik.scopes(provider)
    assert authentik.issuer(provider) == place.profile.identity_provider.issuer
    assert provider.client_secret.reveal() in place.registered
    assert "Secret(...)" in repr(provider)
    assert authentik.provider("other") is None


def test_the_application_its_bindings_and_who_gets_in(authentik: Authentik) -> None:
    application = authentik.application("zot")
    assert application is not None
    bindings = authentik.bindings(application)
    groups = [binding.group_obj.name for binding in bindings if binding.group_obj]
    assert (application.policy_engine_mode, groups) == ("any", ["admins", "artifact-workloads"])
    assert authentik.check_access("zot", known(authentik, "zot-ci")).passing
    assert not authentik.check_access("zot", known(authentik, "guest")).passing
    assert authentik.application("other") is None


def test_what_a_sign_in_would_claim(authentik: Authentik, place: Place) -> None:
    assert claimed_groups(authentik, place.profile) == {"artifact-workloads"}


def test_the_blueprint_and_its_file(authentik: Authentik) -> None:
    blueprint = authentik.blueprint("custom/zot.yaml")
    assert blueprint is not None
    files = {file.path: file.hash for file in authentik.available_blueprints()}
    assert (blueprint.status, files["custom/zot.yaml"]) == ("successful", blueprint.last_applied_hash)
    authentik.apply_blueprint(blueprint)
    assert authentik.blueprint("custom/other.yaml") is None


def test_a_password_is_set_and_registered(authentik: Authentik, place: Place) -> None:
    authentik.set_password(known(authentik, "guest"), Secret("a new password"))
    assert place.state.read("provider")["users"]["guest"]["password"] == "a new password"
    assert "a new password" in place.registered
    with pytest.raises(ActionFailed, match="refused POST"):
        authentik.set_password(User(pk=999, username="nobody"), Secret("a new password"))


def test_what_is_gone_already_may_be_ended_again(authentik: Authentik) -> None:
    authentik.end_session(Session(uuid="00000000-0000-4000-8000-000000000000", user=1))
    authentik.remove_token(Token(identifier="not-there", intent="recovery", user=1))
    assert authentik.sessions(known(authentik, "zot-ci")) == ()
    assert authentik.devices(known(authentik, "zot-ci")) == ()


def test_a_wrong_token_is_no_answer(place: Place) -> None:
    stranger = Authentik(
        http=place.world.http,
        url=place.profile.identity_provider.url,
        token=Secret("wrong"),
        register=place.world.register,
    )
    with pytest.raises(Unreachable, match="refuses the API token"):
        stranger.me()


def user(number: int, name: str) -> dict[str, Any]:
    return {"pk": number, "username": name}


def token_for(profile: Profile, token: str) -> Safe:
    return Safe({profile.provider_token: token})


@pytest.mark.parametrize(("token", "said"), [("", "holds no token"), ("token\n", "with a line break")])
def test_a_token_that_is_none_is_said(token: str, said: str, tmp_path: Path) -> None:
    profile = profile_of(tmp_path, registry="http://127.0.0.1:9")
    with pytest.raises(Unreachable, match=said):
        open_authentik(world_of(profile, token_for(profile, token)), profile)


def page(following: int, *results: Any) -> tuple[int, Any]:
    return 200, {"pagination": {"next": following}, "results": list(results)}


def test_all_pages_are_read_and_an_ignored_filter_finds_nobody_else(tmp_path: Path) -> None:
    path = "GET /api/v3/core/users/?username=zot-ci&page={}&page_size=100"
    pages = {path.format(1): page(2, user(1, "alex")), path.format(2): page(0, user(7, "zot-ci"))}
    with tabled(pages) as server:
        profile = profile_of(tmp_path, registry=server.url, provider=server.url)
        authentik = open_authentik(world_of(profile, token_for(profile, "token")), profile)
        assert known(authentik, "zot-ci").pk == 7
        server.table[path.format(2)] = page(0, user(8, "guest"))
        assert authentik.user("zot-ci") is None
        server.table[path.format(2)] = page(1, user(8, "guest"))  # a server that leads back does not loop
        assert authentik.user("zot-ci") is None


@pytest.mark.parametrize("answer", [500, 503, 429, 302, (200, b"<html>"), (200, []), (200, {"user": {"pk": "x"}}), 404])
def test_what_cannot_be_judged_is_unreachable(answer: Any, tmp_path: Path) -> None:
    with tabled({"GET /api/v3/core/users/me/": answer}) as server:
        profile = profile_of(tmp_path, registry=server.url, provider=server.url)
        with pytest.raises(Unreachable):
            open_authentik(world_of(profile, token_for(profile, "token")), profile).me()


def test_newer_fields_are_no_problem(tmp_path: Path) -> None:
    application = {"pk": "a", "slug": "zot", "pbm_uuid": "b", "brand_new": {"field": 1}, "policy_engine_mode": "any"}
    with tabled({"GET /api/v3/core/applications/zot/": (200, application)}) as server:
        profile = profile_of(tmp_path, registry=server.url, provider=server.url)
        found = open_authentik(world_of(profile, token_for(profile, "token")), profile).application("zot")
        assert found is not None
        assert found.target == "b"


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (["a", "b"], ("a", "b")),
        ("a", ("a",)),
        ([1, "a", None], ("a",)),
        ({"artifact-workloads": True}, ()),
        (None, ()),
        (5, ()),
        ([], ()),
    ],
)
def test_the_group_claim_is_read_as_the_registry_reads_it(claim: object, groups: tuple[str, ...]) -> None:
    assert groups_in({"groups": claim}) == groups
    assert groups_in({}) == ()

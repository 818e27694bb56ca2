"""The forge's API as version 14 really is: no order, empty events, runs told by their payload."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.systems.outside import Place, practice, tabled
from zotops.errors import Unreachable
from zotops.profile import Profile
from zotops.systems.builds import buildable, existing_tags, tags_of
from zotops.systems.forgejo import DispatchRefusedError, Forgejo

FILE = "build-container.yaml"
REPO = "/api/v1/repos/practice/platform"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with practice(tmp_path_factory.mktemp("forge") / "world", "hardened") as running:
        build_nothing(running)
        yield running


@pytest.fixture
def place(started: Place) -> Iterator[Place]:
    fields = dict(started.safe.fields)
    yield started
    started.safe.fields |= fields
    build_nothing(started)


def build_nothing(place: Place) -> None:
    """Let every run wait: a build that one test began would push its tags during another."""
    with place.state.edit("quirks") as document:
        document.clear()
        document["forge"] = {"stuck_waiting": True}


@pytest.fixture
def forge(place: Place) -> Forgejo:
    return Forgejo(world=place.world, profile=place.profile)


def test_rights_are_told(forge: Forgejo) -> None:
    assert forge.rights() == {"admin": True, "push": True, "pull": True}


def test_a_write_that_is_always_refused_tells_who_may_write(forge: Forgejo, place: Place) -> None:
    before = place.state.read("forge")["secrets"]
    assert (forge.probe_write(), forge.probe_write(with_token=False)) == (400, 401)
    place.safe.fields[place.profile.forge_token] = "made up"
    assert Forgejo(world=place.world, profile=place.profile).probe_write() == 401
    assert place.state.read("forge")["secrets"] == before


def test_the_token_is_read_once(forge: Forgejo, place: Place) -> None:
    forge.secrets()
    place.safe.fields[place.profile.forge_token] = "made up"
    assert forge.secrets()


def test_secrets_are_names_and_times(forge: Forgejo) -> None:
    assert set(forge.secrets()) >= {"ARGOCD_AUTH_TOKEN", "ZOT_CI_API_KEY"}


def test_files_are_read_at_a_commit(forge: Forgejo, place: Place) -> None:
    newest = forge.commits("main")[0]
    assert "ARG CONTAINER_APP_VERSION=" in (forge.file(place.profile.build.version_file, newest) or "")
    assert forge.file("no/such file", newest) is None


def test_a_dispatched_run_is_found_by_its_payload(forge: Forgejo) -> None:
    wanted = {"container": "nettest", "ref": forge.commits("main")[1]}
    first = forge.dispatch(FILE, wanted)
    forge.dispatch(FILE, {**wanted, "ref": forge.commits("main")[0]})
    second = forge.dispatch(FILE, wanted)
    assert [run.id for run in forge.dispatched(FILE, wanted)] == [second, first]
    assert forge.dispatched("build-container-nix.yaml", wanted) == ()
    assert {run.id for run in forge.pending()} >= {first, second}
    assert first is not None
    assert (forge.run(first).status, forge.run(first).pending) == ("waiting", True)


def test_a_server_that_does_not_tell_the_id_is_fine(forge: Forgejo, place: Place) -> None:
    with place.state.edit("quirks") as document:
        document["forge"] = {"204_dispatch": True, "stuck_waiting": True}
    wanted = {"container": "nettest", "ref": "f" * 40}
    assert forge.dispatch(FILE, wanted) is None
    assert len(forge.dispatched(FILE, wanted)) == 1


def test_a_refused_dispatch_is_no_break(forge: Forgejo) -> None:
    with pytest.raises(DispatchRefusedError):
        forge.dispatch("no-such-file.yaml", {"container": "nettest"})


def test_runs_come_newest_first_whatever_the_server_does(forge: Forgejo) -> None:
    ids = [run.id for run in forge.runs()]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_a_refusal_cannot_be_judged_and_says_why(place: Place, status: int) -> None:
    with tabled({f"GET {REPO}": (status, {"message": "because"})}) as server, pytest.raises(Unreachable) as refused:
        Forgejo(world=place.world, profile=leading_to(place, server.url)).rights()
    assert f"{status}: because" in refused.value.what
    assert refused.value.remedy


@pytest.mark.parametrize("status", [502, 504])
def test_a_dispatch_that_a_proxy_lost_may_have_happened(place: Place, status: int) -> None:
    with tabled({f"POST {REPO}/actions/workflows/{FILE}/dispatches": status}) as server, pytest.raises(Unreachable):
        Forgejo(world=place.world, profile=leading_to(place, server.url)).dispatch(FILE, {})


@pytest.mark.parametrize("body", [{"workflow_runs": [{"id": 1}]}, {"workflow_runs": {"id": 1}}])
def test_gitea_is_not_guessed_at(place: Place, body: object) -> None:
    table = {f"GET {REPO}/actions/runs?page=1&limit=50": (200, body)}
    with tabled(table) as server, pytest.raises(Unreachable, match="not Forgejo's"):
        Forgejo(world=place.world, profile=leading_to(place, server.url)).runs()


def test_a_list_that_was_not_read_to_its_end_is_no_list(place: Place) -> None:
    path = f"GET {REPO}/actions/secrets?page="
    pages = {f"{path}{page}&limit=50": (200, [{"name": f"S{page}"}] * 50) for page in range(1, 62)}
    with tabled(pages) as server, pytest.raises(Unreachable, match="lists more than 3000 rows") as unread:
        Forgejo(world=place.world, profile=leading_to(place, server.url)).secrets()
    assert unread.value.remedy
    pages[f"{path}60&limit=50"] = (200, [])
    with tabled(pages) as server:
        assert len(Forgejo(world=place.world, profile=leading_to(place, server.url)).secrets()) == 59


def leading_to(place: Place, url: str) -> Profile:
    forge = msgspec.structs.replace(place.profile.forge, api_url=f"{url}/api/v1")
    return msgspec.structs.replace(place.profile, forge=forge)


def test_the_newest_commit_without_a_tag_is_to_be_built(place: Place) -> None:
    offered = list(buildable(place.world, place.profile))
    existing = existing_tags(place.world, place.profile)
    assert offered
    assert not existing & {tag for each in offered for tag in each.tags}
    assert offered[0].tags == (f"v0.1.0-{offered[0].commit[:7]}", f"v0.1.0-{offered[0].commit[:7]}-nix")


def test_a_commit_without_a_version_makes_no_tags(place: Place) -> None:
    build = msgspec.structs.replace(place.profile.build, version_file="README.md")
    profile = msgspec.structs.replace(place.profile, build=build)
    commit = Forgejo(world=place.world, profile=profile).commits("main")[0]
    assert tags_of(place.world, profile, commit) is None


def test_an_image_that_was_never_pushed_has_no_tags(place: Place) -> None:
    build = msgspec.structs.replace(place.profile.build, container="never")
    assert existing_tags(place.world, msgspec.structs.replace(place.profile, build=build)) == frozenset()

"""What would make the registry's restart fatal is refused before anything is changed, and nothing is left behind."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.deploying import FAILED, Deploying, deploying
from zotops.actions.before_deploying import look_before
from zotops.errors import ActionFailed, Unreachable
from zotops.systems.candidate import digest_of


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deploying]:
    with deploying(tmp_path) as found:
        yield found


def refused(place: Deploying, reviewed: str = "") -> str:
    with pytest.raises(ActionFailed) as caught:
        look_before(place.at.world, place.at.profile, reviewed=reviewed)
    assert caught.value.what.startswith("nothing was changed: ")
    assert place.left_behind == []
    return caught.value.what


@pytest.mark.parametrize("reviewed", ["", digest_of("{}")])
def test_where_all_is_well_each_look_is_told(place: Deploying, reviewed: str) -> None:
    look_before(place.at.world, place.at.profile, reviewed=reviewed)
    assert [what for what, _ in place.at.told] == ["identity provider", "builds", "candidate"]
    assert place.left_behind == []


@pytest.mark.parametrize(
    ("issuer", "said"), [("http://other/", "names the issuer http://other/, not"), (None, "the issuer nowhere, not")]
)
def test_a_provider_that_is_another_or_not_there(place: Deploying, issuer: str | None, said: str) -> None:
    place.names_issuer(issuer)
    assert said in refused(place)


def test_a_build_of_a_push_path_has_to_end_first_and_others_may_run(place: Deploying) -> None:
    place.builds("lint.yaml")
    look_before(place.at.world, place.at.profile, reviewed="")
    place.builds("build-container.yaml")
    assert "build 3 (build-container.yaml) is waiting" in refused(place)


def test_a_dry_run_that_fails(place: Deploying) -> None:
    place.dry_run(FAILED)
    assert "the dry run did not come to its end: task 'zot : Deploy zot config' failed" in refused(place)


def test_another_configuration_than_the_reviewed_one(place: Deploying) -> None:
    assert "would not be the one that was reviewed" in refused(place, reviewed=digest_of("another"))


def test_a_configuration_that_the_registry_itself_does_not_take(place: Deploying) -> None:
    (place.at.folder / "refuses").touch()
    assert "the registry refuses the configuration: it says no" in refused(place)


def test_credentials_that_are_not_there_yet_are_stood_in_for(place: Deploying) -> None:
    credentials = place.at.profile.server.credentials
    config = {"http": {"auth": {"credentialsFile": credentials}}}
    place.at.config.write_text(json.dumps(config))
    look_before(place.at.world, place.at.profile, reviewed="")
    verified = (place.at.folder / "verified").read_text()
    assert credentials not in verified
    assert "zotops-candidate-credentials.json" in verified
    Path(credentials).write_text("{}")
    look_before(place.at.world, place.at.profile, reviewed="")
    assert json.loads((place.at.folder / "verified").read_text()) == config


def test_a_provider_that_does_not_answer_is_not_judged(place: Deploying) -> None:
    (place.at.folder / "curl").write_text("HTTP/1.1 503 Busy\r\n\r\n")
    with pytest.raises(Unreachable):
        look_before(place.at.world, place.at.profile, reviewed="")

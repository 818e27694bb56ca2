"""Each fault still finds what it changes, and each way to change a world does what it says."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab.practice_world import laid_out
from tests.systems.outside import practice
from zotops.lab.faults import FAULTS, TRAPS, Twist
from zotops.lab.faults.breaking import (
    CONFIGURATION,
    PROFILE,
    ROLE,
    behind_the_review,
    in_configuration,
    in_document,
    in_file,
    in_turn,
    replaced,
    restart_registry,
    sign_in_by_password,
    switch,
    world_of,
)
from zotops.lab.faults.front import in_front, second_door
from zotops.lab.first_key import Browser
from zotops.lab.state import State
from zotops.profile_file import read_profile


@pytest.mark.costly("breaking")
@pytest.mark.parametrize("twist", [*FAULTS, *TRAPS], ids=lambda twist: twist.name)
def test_what_it_changes_is_still_there(twist: Twist, tmp_path: Path) -> None:
    root = laid_out(tmp_path / "world", twist.state).root
    if twist.password:
        sign_in_by_password(root)
    # Up to the first server, or the first image, which this world does not have.
    with suppress(ConnectionRefusedError, FileNotFoundError):
        twist.breaks(root)
    assert read_profile(root / PROFILE).practice


def test_a_text_that_is_gone_is_told() -> None:
    assert replaced("a b a", "a", "c") == "c b c"
    with pytest.raises(ValueError, match="there is no 'x' any more"):
        replaced("a b", "x", "y")


def test_a_file_is_changed_with_the_ports_of_the_world(tmp_path: Path) -> None:
    place = laid_out(tmp_path / "world")
    ports = {name: place.world[name]["port"] for name in ("registry", "forge")}
    in_file(PROFILE, 'local_url = "http://127.0.0.1:{registry}"', 'local_url = "http://127.0.0.1:{forge}"')(place.root)
    assert read_profile(place.root / PROFILE).server.local_url == f"http://127.0.0.1:{ports['forge']}"
    behind_the_review("s/{registry}/{forge}/")(place.root)
    tasks = (place.root / ROLE / "tasks" / "main.yml").read_text()
    assert f"s/{ports['registry']}/{ports['forge']}/" in tasks


def test_changes_are_made_in_turn_and_switches_add_up(tmp_path: Path) -> None:
    root = laid_out(tmp_path / "world").root
    in_turn(switch("forge", one=True), switch("forge", two=True))(root)
    assert State(root / "state").read("quirks") == {"forge": {"one": True, "two": True}}
    in_document("quirks", lambda document: document.clear())(root)
    assert State(root / "state").read("quirks") == {}


def test_a_password_has_a_place_and_the_profile_says_so(tmp_path: Path) -> None:
    root = laid_out(tmp_path / "world").root
    sign_in_by_password(root)
    ci = read_profile(root / PROFILE).ci
    assert ci.sign_in == "password"
    item, _, field = ci.password.partition("/")
    assert field in {one["label"] for one in State(root / "state").read("vault")["items"][item]["fields"]}


def status(url: str, method: str = "GET") -> int:
    return Browser().ask(url, method=method)[0]


def test_a_started_world_gets_new_rules_other_doors_and_a_proxy(tmp_path: Path) -> None:
    with practice(tmp_path / "world", "hardened") as place:
        root, url = place.lab.root, place.profile.registry.url
        scratch = f"{url}/v2/practice/nettest/manifests/unused"
        second_door(root)
        addresses = read_profile(root / PROFILE).registry.addresses
        assert status(f"{addresses[0].url}/v2/practice/nettest/manifests/unused", "PUT") == 415
        assert status(scratch, "PUT") == 401
        in_configuration('"apikey": true,', '"apikey": true,\n      "failDelay": 0,')(root)
        assert "failDelay" in json.loads((root / CONFIGURATION).read_text())["http"]["auth"]
        wait_until_it_answers(url)
        in_front(refuses_writes=True)(root)
        behind = read_profile(root / PROFILE).server.local_url
        assert behind != url
        assert (status(scratch, "PUT"), status(f"{url}/v2/")) == (405, 200)
        assert status(f"{behind}/v2/practice/nettest/manifests/unused", "PUT") == 401
        switch("registry", no_key_api=True)(root)
        assert status(f"{behind}/zot/auth/apikey") == 404
        restart_registry(root)
        assert world_of(root)["registry"]["url"] == url


def wait_until_it_answers(url: str) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            assert status(f"{url}/v2/") == 200
        except OSError:
            time.sleep(0.02)
        else:
            return

"""Changing the configuration while the registry runs, as FACTS section 8 measured it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.registry_world import KINDS, Registry, Visitor, provider, visitor

SOON = 3.0
PROBE = ("PUT", "/v2/practice/probe/manifests/unused")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as url:
        yield url


@pytest.fixture(params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path: Path, issuer: str) -> Iterator[Registry]:
    found = Registry(request.param, tmp_path / "zot", issuer)
    yield found
    found.stop()


def becomes(status: int, look: Callable[[], int]) -> bool:
    until = time.monotonic() + SOON
    while time.monotonic() < until:
        if look() == status:
            return True
        time.sleep(0.01)
    return False


def stays(status: int, look: Callable[[], int]) -> bool:
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        if look() != status:
            return False
        time.sleep(0.05)
    return True


def catalog(someone: Visitor) -> Callable[[], int]:
    return lambda: someone.ask("anonymous", "GET", "/v2/_catalog").status_code


def create(someone: Visitor, who: str = "anonymous") -> Callable[[], int]:
    return lambda: someone.ask(who, *PROBE, content_type="text/plain").status_code


def closed(configuration: dict[str, Any]) -> None:
    for rules in configuration["http"]["accessControl"]["repositories"].values():
        rules.pop("anonymousPolicy", None)


def opened(configuration: dict[str, Any]) -> None:
    rules = configuration["http"]["accessControl"]["repositories"]["**"]
    rules["anonymousPolicy"] = ["read", "create"]


def test_rules_changed_in_place_are_live_at_once(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        assert catalog(someone)() == 200
        registry.change(closed)
        assert becomes(401, catalog(someone))
        registry.change(opened)
        assert becomes(415, create(someone))


def test_a_file_put_in_its_place_is_not_seen_nor_what_is_written_to_it_later(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        whole = (registry.folder / "config.json").read_text()
        registry.change(opened)
        assert becomes(415, create(someone))
        (registry.folder / "newer.json").write_text(whole)
        (registry.folder / "newer.json").replace(registry.folder / "config.json")
        assert stays(415, create(someone))
        registry.change(closed)
        assert stays(415, create(someone))


def test_a_broken_file_keeps_the_old_rules_until_a_good_one_comes(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        (registry.folder / "config.json").write_text('{"http": {')
        assert stays(200, catalog(someone))
        registry.change(lambda c: c.update(surprise=1))
        assert stays(200, catalog(someone))
        assert "failed to reload config" in registry.log
        registry.change(lambda c: c.pop("surprise")).change(closed)
        assert becomes(401, catalog(someone))


def test_rules_taken_out_leave_nobody_any_right(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        assert create(someone, "key:zot-ci")() == 415
        registry.change(lambda c: c["http"].pop("accessControl"))
        assert becomes(401, catalog(someone))
        assert create(someone, "key:zot-ci")() == 403


def test_rules_added_to_a_registry_without_any_let_anonymous_do_everything_until_it_starts_again(
    registry: Registry,
) -> None:
    rules = registry.configuration["http"]["accessControl"]
    registry.change(lambda c: c["http"].pop("accessControl"))
    with registry, visitor(registry) as someone:
        assert catalog(someone)() == 401
        registry.change(lambda c: c["http"].update(accessControl=rules))
        assert becomes(200, catalog(someone))
        assert create(someone)() == 415
        someone.push("anonymous", "practice/hole", "v1")
        assert someone.ask("anonymous", "DELETE", "/v2/practice/hole/manifests/v1").status_code == 202
    with registry, visitor(registry) as someone:
        assert create(someone)() == 401

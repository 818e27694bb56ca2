"""Who may do what: patterns, policies and their odd corners."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.registry_world import KINDS, Registry, Visitor, provider, visitor
from zotops.lab.registry.access import Caller, Rights
from zotops.lab.registry.meaning import access_control
from zotops.lab.registry.patterns import BadPattern, compiled, matches

READ = ["read"]


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("**", "a/b/c", True),
        ("docker.io/**", "docker.io", True),
        ("docker.io/**", "docker.io/library/x", True),
        ("docker.io/**", "docker.iox/library", False),
        ("docker.io/**", "x/docker.io/library", False),
        ("*", "a", True),
        ("*", "a/b", False),
        ("a/*", "a/b", True),
        ("a/*/c", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("**/c", "c", True),
        ("**/c", "a/b/c", True),
        ("a?c", "abc", True),
        ("a[b-d]", "ac", True),
        ("a[^b-d]", "ac", False),
        ("{a,b/c}/d", "b/c/d", True),
        ("/a/**", "a/b", False),
        ("a.b", "axb", False),
        ("[z-a]", "z", False),
    ],
)
def test_a_pattern_fits_the_whole_name(pattern: str, name: str, *, fits: bool) -> None:
    assert matches(pattern, name) is fits


@pytest.mark.parametrize("pattern", ["a[", "a{b", "a}", "a\\", "a[^]]"])
def test_a_malformed_pattern_is_told_and_fits_nothing(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compiled(pattern)
    assert not matches(pattern, "a")


def rights(repositories: dict[str, Any], *groups: str, name: str = "someone", admin: str = "admins") -> Rights:
    tree = {"repositories": repositories, "adminpolicy": {"groups": [admin], "actions": ["read", "delete"]}}
    return Rights(access=access_control(tree), caller=Caller(name=name, groups=groups))


@pytest.mark.parametrize(
    ("repositories", "caller", "may"),
    [
        ({"**": {"defaultpolicy": READ}}, {}, True),
        ({"**": {"anonymouspolicy": READ}}, {}, False),
        ({"**": {"anonymouspolicy": READ}}, {"name": ""}, True),
        ({"**": {"defaultpolicy": READ}}, {"name": ""}, False),
        ({"**": {"defaultpolicy": READ}, "a/**": {"anonymouspolicy": READ}}, {}, False),
        ({"**": {"policies": [{"users": ["someone"], "actions": READ}]}}, {}, True),
        ({"**": {"policies": [{"users": ["*"], "actions": READ}]}}, {}, False),
        ({"**": {"policies": [{"groups": ["ci"], "actions": READ}]}}, {"groups": ("ci",)}, True),
        ({"**": {"policies": [{"groups": ["ci"], "actions": READ}]}}, {"groups": ("Ci",)}, False),
        ({"b": {}}, {}, False),
        ({"b": {}}, {"groups": ("admins",)}, True),
    ],
)
def test_the_longest_pattern_decides_alone_and_then_the_admin_policy(
    repositories: dict[str, Any], caller: dict[str, Any], *, may: bool
) -> None:
    groups = caller.pop("groups", ())
    assert rights(repositories, *groups, **caller).may("read", "a/b") is may


def test_of_two_patterns_of_equal_length_any_decides() -> None:
    both = rights({"a/*": {"defaultpolicy": READ}, "*/b": {"defaultpolicy": []}})
    assert {both.may("read", "a/b") for _ in range(200)} == {True, False}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as url:
        yield url


@pytest.fixture(params=KINDS)
def registry(request: pytest.FixtureRequest, tmp_path: Path, issuer: str) -> Iterator[Registry]:
    found = Registry(request.param, tmp_path / "zot", issuer)
    yield found
    found.stop()


def probe(someone: Visitor, who: str, name: str) -> int:
    return someone.ask(who, "PUT", f"/v2/{name}/manifests/unused", content_type="text/plain").status_code


def test_patterns_with_a_leading_slash_in_capitals_or_with_empty_rules_do_not_apply(registry: Registry) -> None:
    def odd(configuration: dict[str, Any]) -> None:
        rules = configuration["http"]["accessControl"]["repositories"]
        rules |= {"/slash/**": {"defaultPolicy": ["create"]}, "Large/**": {"defaultPolicy": ["create"]}, "none/**": {}}

    with registry.change(odd), visitor(registry) as someone:
        assert probe(someone, "key:plain", "slash/a") == 403
        assert probe(someone, "key:plain", "large/a") == 415
        assert someone.ask("anonymous", "GET", "/v2/none/a/tags/list").status_code == 404


def test_a_fail_delay_holds_back_denials_and_bad_credentials_and_nothing_else(registry: Registry) -> None:
    def slow(configuration: dict[str, Any]) -> None:
        configuration["http"]["auth"]["failDelay"] = 1

    def took(who: str, method: str, path: str, agent: str = "tests") -> tuple[int, bool]:
        started = time.monotonic()
        status = someone.ask(who, method, path, content_type="text/plain", user_agent=agent).status_code
        return status, time.monotonic() - started > 0.9

    with registry.change(slow), visitor(registry) as someone:
        someone.headers_of("key:plain")
        place = "/v2/practice/slow/manifests/unused"
        assert took("anonymous", "PUT", place) == (401, True)
        assert took("key:plain", "PUT", place) == (403, True)
        assert took("bogus", "GET", "/v2/") == (401, True)
        assert took("anonymous", "GET", "/v2/", "docker/24") == (401, False)
        assert took("anonymous", "GET", "/v2/_catalog") == (200, False)
        assert took("anonymous", "GET", "/zot/auth/apikey") == (500, False)
        assert took("anonymous", "GET", place) == (404, False)


def test_without_authentication_anybody_may_do_everything_and_there_are_no_keys(registry: Registry) -> None:
    registry.change(lambda c: [c["http"].pop(key) for key in ("auth", "accessControl")])
    with registry, visitor(registry) as someone:
        someone.push("anonymous", "practice/open", "v1", "one")
        someone.push("anonymous", "practice/open", "v1", "two")
        reply = someone.ask("anonymous", "GET", "/v2/")
        assert (reply.status_code, reply.headers.get("www-authenticate")) == (200, None)
        assert someone.ask("bogus", "GET", "/v2/").status_code == 200
        for path in ("/zot/auth/apikey", "/zot/auth/login?provider=oidc"):
            assert someone.ask("anonymous", "GET", path).status_code == 404
        assert someone.ask("anonymous", "DELETE", "/v2/practice/open/manifests/v1").status_code == 202
        assert not (registry.storage / "meta.db").exists()


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (None, [401, 403, 403]),
        ({"users": ["alice"]}, [401, 403, 200]),
        ({"users": [""]}, [401, 403, 403]),
        ({"anonymousPolicy": ["read"]}, [200, 403, 403]),
    ],
)
def test_metrics_have_rules_of_their_own(registry: Registry, metrics: Any, expected: list[int]) -> None:
    registry.change(lambda c: c.update(extensions={"metrics": {"enable": True, "prometheus": {"path": "/metrics"}}}))
    if metrics is not None:
        registry.change(lambda c: c["http"]["accessControl"].update(metrics=metrics))
    with registry, visitor(registry) as someone:
        callers = ("anonymous", "key:zot-ci", "key:alice")
        assert [someone.ask(who, "GET", "/metrics").status_code for who in callers] == expected
        assert someone.ask("bogus", "GET", "/metrics").status_code == 401


def test_metrics_are_open_where_nobody_signs_in_and_absent_where_not_asked_for(registry: Registry) -> None:
    with registry, visitor(registry) as someone:
        assert someone.ask("key:alice", "GET", "/metrics").status_code == 404
    registry.change(lambda c: [c["http"].pop(key) for key in ("auth", "accessControl")])
    registry.change(lambda c: c.update(extensions={"metrics": {"enable": True}}))
    with registry, visitor(registry) as someone:
        assert "zot_info" in someone.ask("anonymous", "GET", "/metrics").text


def test_mgmt_is_open_without_credentials_and_closed_to_bad_ones(registry: Registry) -> None:
    registry.change(lambda c: c.update(extensions={"search": {"enable": True}}))
    with registry, visitor(registry) as someone:
        told = someone.ask("anonymous", "GET", "/v2/_zot/ext/mgmt").json()
        assert told["distSpecVersion"] == "1.1.1"
        assert told["http"]["auth"]["openid"]["providers"]["oidc"]["name"] == "Authentik"
        assert someone.ask("bogus", "GET", "/v2/_zot/ext/mgmt").status_code == 401

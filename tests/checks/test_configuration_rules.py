"""Configurations, judged without a registry: what is too much, too little, or half done."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.systems.outside import profile_of
from zotops.checks.access_rules import pattern_matches
from zotops.checks.configuration_rules import NotJsonError, parse_configuration, problems, unexpected_changes
from zotops.profile import Profile

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return profile_of(tmp_path, registry="http://127.0.0.1:5000", provider="http://127.0.0.1:9000")


def hardened(profile: Profile) -> dict[str, Any]:
    return {
        "storage": {"rootDirectory": "/data"},
        "http": {
            "port": "5000",
            "externalUrl": profile.registry.url,
            "auth": {
                "apikey": True,
                "openid": {
                    "providers": {
                        "oidc": {
                            "issuer": profile.identity_provider.issuer,
                            "credentialsFile": profile.server.credentials,
                            "scopes": ["openid", "profile", "email"],
                        }
                    }
                },
            },
            "accessControl": {
                "repositories": {
                    "docker.io/**": {"anonymousPolicy": ["read"], "defaultPolicy": ["read"]},
                    "**": {
                        "anonymousPolicy": ["read"],
                        "defaultPolicy": ["read"],
                        "policies": [{"groups": ["artifact-workloads"], "actions": ["read", "create"]}],
                    },
                },
                "adminPolicy": {"groups": ["admins"], "actions": ["read", "create", "update", "delete"]},
                "metrics": {"users": [""]},
            },
        },
    }


def access(config: dict[str, Any]) -> Any:
    return config["http"]["accessControl"]


def everywhere(config: dict[str, Any]) -> Any:
    return access(config)["repositories"]["**"]


def oidc(config: dict[str, Any]) -> Any:
    return config["http"]["auth"]["openid"]["providers"]["oidc"]


def ci(config: dict[str, Any]) -> Any:
    return everywhere(config)["policies"][0]


def admins_as_policy(config: dict[str, Any]) -> None:
    everywhere(config)["policies"].append(access(config).pop("adminPolicy"))


def ci_is_admin(config: dict[str, Any]) -> None:
    access(config)["adminPolicy"]["groups"].append("artifact-workloads")


def test_the_hardened_configuration_is_right(profile: Profile) -> None:
    assert problems(hardened(profile), profile) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(admins_as_policy, id="administrators by policy"),
        pytest.param(lambda c: oidc(c)["scopes"].append("more"), id="one more scope"),
        pytest.param(
            lambda c: access(c)["repositories"].update({"ghcr.io/**": {"anonymousPolicy": ["read"]}}), id="mirror"
        ),
    ],
)
def test_what_is_odd_but_harmless_is_no_problem(profile: Profile, change: Change) -> None:
    config = hardened(profile)
    change(config)
    assert problems(config, profile) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda c: c["http"].pop("auth"), "half-hardened: accessControl without auth, so nobody can sign in"),
        (lambda c: c["http"].pop("accessControl"), "half-hardened: auth without accessControl, so whoever signs in"),
        (lambda c: c["http"].pop("externalUrl"), "externalUrl is None, not http://127.0.0.1:5000"),
        (lambda c: c["http"]["auth"].pop("openid"), "http.auth.openid has no provider oidc"),
        (lambda c: c["http"]["auth"].pop("apikey"), "http.auth.apikey is not on"),
        (lambda c: c["http"]["auth"].update(apikey="true"), "http.auth.apikey is not on"),
        (lambda c: oidc(c).update(issuer="http://127.0.0.1:9000/application/o/zot"), "the issuer is 'http://127"),
        (lambda c: oidc(c).update(credentialsFile="/elsewhere"), "the credentials file is '/elsewhere'"),
        (lambda c: oidc(c).update(scopes=["openid"]), "the scope email, profile is not asked for"),
        (lambda c: everywhere(c)["anonymousPolicy"].append("create"), "**: anybody may create"),
        (lambda c: everywhere(c)["defaultPolicy"].append("create"), "**: anybody signed in may create"),
        (lambda c: everywhere(c).pop("defaultPolicy"), "practice/nettest: anybody signed in may not read"),
        (lambda c: everywhere(c).pop("anonymousPolicy"), "practice/nettest: anybody may not read"),
        (lambda c: ci(c)["actions"].append("update"), "**: artifact-workloads may update"),
        (lambda c: ci(c)["actions"].remove("create"), "practice/nettest: artifact-workloads may not create"),
        (lambda c: ci(c).update(groups=["Artifact-Workloads"]), "names the group Artifact-Workloads"),
        (lambda c: ci(c).update(users=["alex"]), "it names the user alex"),
        (lambda c: access(c)["adminPolicy"]["actions"].remove("delete"), "practice/nettest: admins may not delete"),
        (lambda c: access(c)["adminPolicy"].update(groups=["operators"]), "names the group operators"),
        (ci_is_admin, "adminPolicy: artifact-workloads may delete, update"),
        (lambda c: access(c).update(groups={"others": {"users": ["x"]}}), "names the group others"),
        (lambda c: access(c)["repositories"].pop("**"), "practice/nettest: no pattern covers it"),
        (
            lambda c: access(c)["repositories"].update({"practice/nett**": {}, "practice/**test": {}}),
            "are equally long, so chance decides",
        ),
        (
            lambda c: access(c)["repositories"].update({"docker.io/**": {"anonymousPolicy": []}}),
            "docker.io/library/busybox: anybody may not read",
        ),
        (
            lambda c: access(c)["repositories"].update({"other/**": {"anonymousPolicy": ["read", "delete"]}}),
            "other/**: anybody may delete",
        ),
    ],
)
def test_every_deviation_is_named(profile: Profile, change: Change, problem: str) -> None:
    config = hardened(profile)
    change(config)
    assert any(problem in found for found in problems(config, profile)), problems(config, profile)


def test_an_open_registry_has_none_of_the_four_parts(profile: Profile) -> None:
    config = hardened(profile)
    for name in ("auth", "accessControl", "externalUrl"):
        del config["http"][name]
    found = " ".join(problems(config, profile))
    assert all(part in found for part in ("openid", "accessControl", "externalUrl"))


def test_only_the_four_parts_may_change(profile: Profile) -> None:
    before, after = hardened(profile), hardened(profile)
    access(before)["repositories"] = {}
    del before["http"]["auth"], before["http"]["externalUrl"]
    assert unexpected_changes(before, after) == []
    after["storage"]["rootDirectory"] = "/other"
    after["extensions"] = {"metrics": {"enable": True}}
    del after["http"]["port"]
    assert unexpected_changes(before, after) == ["extensions.metrics.enable", "http.port", "storage.rootDirectory"]


def test_an_empty_part_is_a_change_too(profile: Profile) -> None:
    before, after = hardened(profile), hardened(profile)
    after["extensions"] = {}
    assert unexpected_changes(before, after) == unexpected_changes(after, before) == ["extensions"]


def test_nothing_changed_is_nothing_unexpected(profile: Profile) -> None:
    assert unexpected_changes(hardened(profile), copy.deepcopy(hardened(profile))) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"http": {"auth": {}, "auth": {}}}'])
def test_what_the_registry_would_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(NotJsonError):
        parse_configuration(text)


@pytest.mark.parametrize(
    ("pattern", "repository", "matches"),
    [
        ("**", "a/b/c", True),
        ("*", "a", True),
        ("*", "a/b", False),
        ("docker.io/**", "docker.io/library/x", True),
        ("docker.io/**", "docker.io", True),
        ("docker.io/**", "docker.iox/y", False),
        ("docker.io/**", "x/docker.io/y", False),
        ("/a/**", "a/b", False),
        ("A/**", "a/b", True),
        ("a/*/c", "a/b/c", True),
        ("a.b", "aXb", False),
    ],
)
def test_patterns_cover_what_they_cover_in_zot(pattern: str, repository: str, matches: bool) -> None:
    assert pattern_matches(pattern, repository) is matches

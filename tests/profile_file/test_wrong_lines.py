"""Each wrong line of a profile is said with file, key and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.profile_file.written import EXAMPLE, problems, with_line
from zotops.profile_file import read_profile

LIST = "unknown key: known are"


BAD_LINES: dict[str, tuple[str, str, str]] = {
    "a missing text": (
        'namespace = "platform"',
        "",
        "registry.namespace: is missing: first part of the names of our own images, for example 'platform'",
    ),
    "a missing deeper key": (
        'configmap = "authentik-blueprints"',
        "",
        (
            "identity_provider.blueprint.configmap: is missing: ConfigMap that holds it, for example "
            "'authentik-blueprints'"
        ),
    ),
    "a key missing in a list": (
        'prefix = "docker.io"',
        "",
        "registry.mirrors[0].prefix: is missing: first part of the cached repositories' names, for example 'docker.io'",
    ),
    "a misspelt key": (
        'plist = "/Users/ops/Library/LaunchAgents/org.example.zot.plist"',
        'plist = "/p"\nservic = "x"',
        "server.servic: unknown key: did you mean service?",
    ),
    "a key from nowhere": (
        'name = "zot-ci"',
        'name = "zot-ci"\nqqq = 1',
        f"ci.qqq: {LIST} name, sign_in, password",
    ),
    "a number for a text": (
        'namespace = "platform"',
        "namespace = 3",
        (
            "registry.namespace = 3: should be a text, got a number: first part of the names of our own images, for "
            "example 'platform'"
        ),
    ),
    "a text for a list": (
        'anonymous = ["read"]',
        'anonymous = "read"',
        (
            "tiers.anonymous = 'read': should be a list, got a text, only read and create and update and "
            "delete: without credentials"
        ),
    ),
    "a right that does not exist": (
        'anonymous = ["read"]',
        'anonymous = ["read", "string"]',
        (
            "tiers.anonymous = ['read', 'string']: knows no 'string' ([1]), only read and create and update and "
            "delete: without credentials"
        ),
    ),
    "a word that is none of the choices": (
        'os = "darwin"',
        'os = "amiga"',
        "server.os = 'amiga': knows no 'amiga', only darwin and linux: its system; launchd has to be there",
    ),
    "a text for a table": (
        'ci = { group = "artifact-workloads", actions = ["read", "create"] }',
        'ci = "everybody"',
        "tiers.ci: is 'everybody', not a table: write it as [tiers.ci]",
    ),
    "another protocol": (
        'url = "https://registry.example.org"',
        'url = "ftp://registry.example.org"',
        (
            "registry.url = 'ftp://registry.example.org': has not the right form: address that people and CI use, "
            "without a trailing slash, for example 'https://registry.example.org'"
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), BAD_LINES.values(), ids=BAD_LINES)
def test_each_wrong_line_is_said_with_key_and_remedy(file: Path, old: str, new: str, said: str) -> None:
    assert problems(file, with_line(old, new)) == [said]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "registry.example.org",
        "https://",
        "https://registry.example.org/",
        "https://registry.example.org/v2/",
        "https://user:word@registry.example.org",
        "https://registry.example.org:http",
        "https://registry.example.org:123456",
        "https://registry.example.org?x=1",
        "https://registry.example.org/#top",
        "https://registry example.org",
        "https://[::1",
        "HTTPS://registry.example.org",
    ],
)
def test_a_bad_address_is_refused(file: Path, url: str) -> None:
    [said] = problems(file, with_line('url = "https://registry.example.org"', f'url = "{url}"'))
    assert said.startswith(f"registry.url = {url!r}: has not the right form: ")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:5000", "https://registry.example.org/below", "https://[::1]:5000", "https://h:80/a/b"],
)
def test_a_good_address_is_taken(file: Path, url: str) -> None:
    file.write_text(with_line('url = "https://registry.example.org"', f'url = "{url}"'))
    assert read_profile(file).registry.url == url


def test_the_issuer_keeps_its_slash_because_it_counts(file: Path) -> None:
    file.write_text(EXAMPLE)
    assert read_profile(file).identity_provider.issuer.endswith("/")


def test_an_issuer_that_is_no_address_is_refused(file: Path) -> None:
    [said] = problems(file, with_line('issuer = "https://auth.example.org/application/o/zot/"', 'issuer = "zot"'))
    assert said.startswith("identity_provider.issuer = 'zot': has not the right form: issuer, byte for byte")


def test_a_text_for_a_list_of_tables_is_said_with_how_to_write_one(file: Path) -> None:
    text = re.sub(r"\[\[consumers\]\]\n(\w+ = .*\n)+", "", EXAMPLE).replace(
        "[registry]", 'consumers = "all"\n[registry]'
    )
    assert problems(file, text) == ["consumers = 'all': is no list of tables: write each as [[consumers]]"]


def test_a_forge_without_a_push_path_is_refused(file: Path) -> None:
    text = re.sub(r"\[\[forge\.workflows\]\]\n(\w+ = .*\n)+", "", EXAMPLE)
    text = text.replace('secret = "ZOT_CI_API_KEY"', 'secret = "ZOT_CI_API_KEY"\nworkflows = []')
    assert problems(file, text) == ["forge.workflows: is empty: name at least one push path"]

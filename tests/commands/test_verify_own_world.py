"""`invoke verify` in worlds that it, or the test, changes: what it writes, whom else it asks, and from where."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.verifying import ADMIN, CI, GUEST, KINDS, Done, Hardened, hardened, public
from tests.systems.outside import basic
from zotops.lab import vault
from zotops.lab.faults.breaking import switch


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Hardened]:
    """A world that this test may change."""
    with hardened(tmp_path / "own") as found:
        yield found


def test_what_is_asked_to_write_says_what_stays_and_is_really_there(own: Hardened, tmp_path: Path) -> None:
    words = ("--write", "--as-dagger", "--as-skopeo", "--pull-through", "library/alpine:3.20")
    passing = tmp_path / "passing"
    passing.mkdir()
    done = own.verify("--only", "clock", *words, "--json", TMPDIR=str(passing))
    found = {one["name"]: one for one in done.only["checks"]}
    assert (done.code, done.said("failed")) == (0, [])
    assert found["pull-through.docker.io"]["verdict"] == "passed"
    assert found["pull-through.docker.io.plain"]["finding"]
    assert "override_path" in found["pull-through.docker.io.plain"]["remedy"]
    left = " ".join(done.only["left"])
    assert left.count("practice/zotops-scratch:zotops-verify-") == 3
    assert "docker.io/library/alpine:3.20 in the cache" in left
    there = {line.partition(":")[0]: line for line in public(own)}
    assert there["practice/zotops-scratch"].count("zotops-verify-") == 3
    assert "3.20" in there["docker.io/library/alpine"]
    assert "zak_" not in json.dumps([call["argv"] for call in own.calls("skopeo")])
    assert list(passing.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_sign_in_is_begun_only_when_asked_for_and_leaves_nothing_but_sessions(kind: str, tmp_path: Path) -> None:
    with hardened(tmp_path / "world", kind) as world:
        before = world.storage()
        done = world.verify("--only", "clock", "--as", "nobody", "--sign-in", "--json")
        found = {one["name"]: one for one in done.only["checks"]}
        assert (done.code, set(found)) == (0, {"clock", "sign-in"})
        assert f"client {world.profile.identity_provider.client_id}" in found["sign-in"]["observed"]
        after = world.storage()
        new = set(after) - set(before)
        assert {name.partition("/")[0] for name in new} == {"_sessions"}
        assert {name: after[name] for name in before} == before
        assert ["for two hours" in text for text in done.only["left"]] == [True]


def test_findings_count_only_when_strict(own: Hardened) -> None:
    words = ("--only", "clock", "--pull-through", "docker.io/library/alpine:3.20", "--quiet")
    assert own.verify(*words).code == 0
    assert own.verify(*words, "--strict").code == 1


def test_an_admin_takes_away_what_was_pushed_and_says_what_still_stays(own: Hardened) -> None:
    own.name_logins(admin=own.make_key(ADMIN))
    done = own.verify("--only", "clock,access.admin", "--write", "--json")
    found = {one["name"]: one["verdict"] for one in done.only["checks"]}
    assert done.code == 0, done.out
    assert (found["write.admin"], found["access.admin.delete"]) == ("passed", "passed")
    assert "the name practice/zotops-scratch in the catalog" in done.only["left"]
    assert not [text for text in done.only["left"] if "zotops-verify-" in text], "that tag was deleted"
    assert "practice/zotops-scratch: []" in public(own)


def test_whoever_else_the_profile_names_is_asked_too_and_each_alone(own: Hardened) -> None:
    dead = own.make_key(CI)
    own.end_key(CI, dead)
    own.name_logins(guest=own.make_key(GUEST), admin=own.make_key(ADMIN), dead=dead)
    before = own.storage()
    done = own.verify("--json")
    assert (done.code, done.said("failed"), done.said("unknown")) == (0, [], [])
    said = set(done.said("passed"))
    assert {
        "guest may read",
        "guest may not push new tags",
        "guest may not overwrite a tag",
        "guest may not delete",
    } < said
    assert {"alex may read", "alex may push new tags", "alex may overwrite a tag", "alex may delete"} < said
    assert "a key that is over may nothing" in said
    assert {asked["verdict"] for asked in done.only["cells"]} == {"passed"}
    for who in ("guest", "admin", "dead"):
        alone = {asked["principal"] for asked in own.verify("--as", who, "--only", "access", "--json").only["cells"]}
        assert alone == {who} | ({"forged"} if who != "dead" else set())
    assert own.storage() == before
    text = own.verify(TERM="dumb").out
    heads = next(line for line in text.splitlines() if "nobody" in line).split()
    assert heads == ["nobody", "empty", "forged", "CI", "over", "guest", "admin"], "the made-up ones share a column"
    assert max(map(len, text.splitlines())) <= 80


def test_an_address_that_only_the_server_reaches_is_asked_from_there_without_secrets(own: Hardened) -> None:
    url = own.profile.registry.url
    path = own.root / "profile.toml"
    text = path.read_text()
    first = text.index("[[registry.addresses]]")
    there = f'[[registry.addresses]]\nurl = "{url}"\nreached_from = "server"\n\n'
    path.write_text(text[:first] + there + text[first:])
    done = own.verify("--only", "access", "--json")
    cells = [one for one in done.only["cells"] if one["address"] == f"{url} (from the server)"]
    assert (done.code, done.said("failed"), done.said("unknown")) == (0, [], [])
    assert {one["principal"] for one in cells} == {"nobody", "empty", "stranger", "forged"}
    assert len(cells) >= 80
    secrets = own.profile.secrets
    key = vault.value_of(own.state.read("vault"), secrets.shared_item, secrets.key_field) or ""
    sent = json.dumps([call["argv"] for call in own.calls("ssh")])
    assert "Authorization" in sent, "the made-up ones are"
    assert not [form for form in (key, basic(CI, key)) if form in sent]
    switch("ssh", unreachable=True)(own.root)
    before, begun = len(own.calls("ssh")), time.monotonic()
    done = own.verify("--only", "access", "--json")
    assert time.monotonic() - begun < 30
    assert len(own.calls("ssh")) - before < 20, "a server that is not reached is not asked for every cell"
    dark = {one["address"] for one in done.only["cells"] if one["verdict"] == "unknown"}
    assert (done.code, done.said("failed"), dark) == (5, [], {f"{url} (from the server)"})
    assert done.said("passed"), "what only CI is asked for is not asked there"
    done = own.verify("--only", "access", "--from-here", "--json")
    assert (done.code, done.said("unknown")) == (0, [])
    assert done.only["not_checked"][-1] == f"{url}: only the server can ask, and --from-here leaves it out"


def test_a_push_that_is_refused_is_red(own: Hardened) -> None:
    config = own.root / "host" / "zot" / "config.json"
    config.write_text(config.read_text().replace('"read", "create"]}]', '"read"]}]'))
    done = Done(0, "", "")
    for _ in range(20):  # until the registry has taken its new rules over
        done = own.verify("--only", "clock", "--as-dagger", "--json")
        if done.code:
            break
    assert done.said("failed") == ["an image is pushed as Dagger pushes"]
    assert "403, not 202" in done.only["checks"][-1]["observed"]

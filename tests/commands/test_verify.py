"""`invoke verify` as it is typed: what it says, what it leaves, and what it costs."""

import json
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from junitparser import JUnitXml

from tests.commands.verifying import ADMIN, CI, GUEST, KINDS, ROOT, Done, Hardened, hardened
from tests.systems.outside import basic
from zotops.lab import vault
from zotops.lab.faults.breaking import switch

SCHEMA = json.loads((ROOT / "docs" / "reference" / "verify.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=KINDS)
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardened]:
    with hardened(tmp_path_factory.mktemp("world"), request.param) as found:
        yield found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardened]:
    with hardened(tmp_path_factory.mktemp("world")) as found:
        yield found


@pytest.fixture(scope="module")
def whole(world: Hardened, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    """One call with every output that a program reads."""
    folder = tmp_path_factory.mktemp("outputs")
    words = ("--json", "--junit", str(folder / "j.xml"), "--prometheus", str(folder / "v.prom"))
    return world.verify(*words), folder


def public(world: Hardened) -> list[str]:
    """The catalog and all tags, as anybody sees them."""
    registry = world.profile.registry.url
    with urllib.request.urlopen(f"{registry}/v2/_catalog") as reply:  # noqa: S310 - http on loopback
        names = json.loads(reply.read())["repositories"]
    found = []
    for name in names:
        with urllib.request.urlopen(f"{registry}/v2/{name}/tags/list") as reply:  # noqa: S310 - http on loopback
            found.append(f"{name}: {sorted(json.loads(reply.read())['tags'])}")
    return sorted(found)


def test_a_hardened_registry_is_green_with_nobody_there_and_as_it_was_before(either: Hardened) -> None:
    before = either.storage(), public(either)
    done = either.verify("--json")
    assert (done.code, done.said("failed"), done.said("unknown")) == (0, [], []), done.err
    assert {cell["verdict"] for cell in done.only["cells"]} == {"passed"}
    assert len(done.only["cells"]) >= 150
    assert (either.storage(), public(either)) == before


def test_the_table_fits_eighty_columns_and_needs_no_colour(world: Hardened) -> None:
    done = world.verify(TERM="dumb", PYTHONIOENCODING="ascii")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\x1b" not in done.out
    assert done.out.isascii()
    assert "ok anybody may read" in done.out
    assert "PRACTICE" in done.out


def test_nobody_asks_without_any_vault(world: Hardened) -> None:
    before = len(world.calls("op"))
    done = world.verify("--as", "nobody", "--json")
    assert done.code == 0
    assert len(world.calls("op")) == before
    assert {cell["principal"] for cell in done.only["cells"]} == {"nobody", "empty", "stranger", "forged"}
    assert not any("zot-ci" in one["says"] for one in done.only["checks"])


def test_the_document_is_one_and_as_its_schema_says(whole: tuple[Done, Path]) -> None:
    done, _ = whole
    jsonschema.validate(done.document, SCHEMA)
    assert done.document["exit"] == done.code == 0


def test_the_schema_allows_nothing_else(whole: tuple[Done, Path]) -> None:
    changed = whole[0].document
    changed["registries"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, SCHEMA)


def test_junit_has_a_case_for_every_sentence(whole: tuple[Done, Path]) -> None:
    done, folder = whole
    suites = list(JUnitXml.fromfile(str(folder / "j.xml")))
    assert {case.name for case in suites[0]} == {one["says"] for one in done.only["checks"]}
    assert (suites[0].failures, suites[0].errors) == (0, 0)


def test_the_metrics_tell_each_verdict_and_no_other_file_is_left(whole: tuple[Done, Path]) -> None:
    done, folder = whole
    lines = (folder / "v.prom").read_text().splitlines()
    assert 'zotops_verify_check{check="access.ci.create",profile="practice",verdict="passed"} 1.0' in lines
    assert 'zotops_verify_check{check="access.ci.create",profile="practice",verdict="failed"} 0.0' in lines
    assert f'zotops_verify_cells{{profile="practice",verdict="passed"}} {len(done.only["cells"])}.0' in lines
    assert sorted(path.name for path in folder.iterdir()) == ["j.xml", "v.prom"]


def test_the_list_names_what_can_be_selected(world: Hardened) -> None:
    listed = {line.split()[0] for line in world.verify("--list").out.splitlines()}
    done = world.verify("--only", "access.ci,clock", "--json")
    found = {one["name"] for one in done.only["checks"]}
    assert found < listed
    assert found == {
        "access.ci.key",
        "clock",
        *(f"access.ci.{right}" for right in ("read", "create", "update", "delete")),
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "no-such"), "--only 'no-such' is no check"),
        (("--as", "root"), "--as 'root' is nobody"),
        (("--as", "admin"), "names no such login"),
        (("--json", "--watch"), "a document has one end"),
    ],
)
def test_words_that_mean_nothing_are_refused_before_anything_is_asked(
    world: Hardened, words: tuple[str, ...], said: str
) -> None:
    done = world.verify(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_quiet_says_nothing_when_all_is_well(world: Hardened) -> None:
    done = world.verify("--quiet")
    assert (done.code, done.out) == (0, ""), "nor of a weakness that cannot be told while nothing is cached"


def test_a_login_that_nobody_may_read_is_unknown_and_says_what_would_help(world: Hardened, tmp_path: Path) -> None:
    text = (world.root / "profile.toml").read_text()
    start = text.index("unattended = ")
    other = tmp_path / "other.toml"
    other.write_text(text[:start] + "unattended = []" + text[text.index("\n", start) :])
    before = len(world.calls("op"))
    done = world.verify("--profile", str(other), "--json")
    second = done.document["registries"][1]
    ci = {one["name"]: one for one in second["checks"] if one["name"].startswith(("access.ci", "keys.current"))}
    assert done.code == 5
    assert {one["verdict"] for one in ci.values()} == {"unknown"}
    assert "nobody is there to unlock the vault" in ci["access.ci.create"]["observed"]
    assert "[secrets] unattended" in ci["access.ci.create"]["remedy"]
    assert len(world.calls("op")) == before + 1, "the first profile's key, once"


def test_no_key_shows_anywhere(whole: tuple[Done, Path], world: Hardened) -> None:
    done, folder = whole
    text = done.out + done.err + "".join(path.read_text() for path in folder.iterdir())
    assert "zak_" not in text
    assert "Basic " not in text.replace("`Basic", "")
    assert str(world.root / "home") not in text


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Hardened]:
    """A world that this test may change."""
    with hardened(tmp_path / "own") as found:
        yield found


def test_what_is_asked_to_write_says_what_stays_and_is_really_there(own: Hardened) -> None:
    done = own.verify(
        "--only", "clock", "--write", "--as-dagger", "--as-skopeo", "--pull-through", "library/alpine:3.20", "--json"
    )
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
    assert list(Path(tempfile.gettempdir()).glob("zotops-*/auth.json")) == []


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


@pytest.mark.parametrize("words", [("--write", "--watch"), ("--sign-in", "--watch"), ("--write", "--as", "nobody")])
def test_writing_again_and_again_or_as_nobody_is_refused(world: Hardened, words: tuple[str, ...]) -> None:
    assert world.verify(*words).code == 2

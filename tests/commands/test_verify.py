"""`invoke verify` as it is typed: what it says, what it leaves, and what it costs."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from junitparser import JUnitXml

from tests.commands.verifying import KINDS, ROOT, Done, Hardened, hardened, public

SCHEMA = json.loads((ROOT / "docs" / "reference" / "verify.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=KINDS)
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hardened]:
    with hardened(tmp_path_factory.mktemp("world"), request.param) as found:
        yield found


@pytest.fixture(scope="module")
def whole(world: Hardened, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    """One call with every output that a program reads."""
    folder = tmp_path_factory.mktemp("outputs")
    words = ("--json", "--junit", str(folder / "j.xml"), "--prometheus", str(folder / "v.prom"))
    return world.verify(*words), folder


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


@pytest.mark.parametrize("words", [("--write", "--watch"), ("--sign-in", "--watch"), ("--write", "--as", "nobody")])
def test_writing_again_and_again_or_as_nobody_is_refused(world: Hardened, words: tuple[str, ...]) -> None:
    assert world.verify(*words).code == 2

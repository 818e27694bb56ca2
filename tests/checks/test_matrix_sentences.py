"""What the cells of a sentence say together: right, wrong, dark, or judged for nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.checks.matrix_cells import asked, cell_of, one_door, right, wrong
from tests.systems.outside import Safe, profile_of, world_of
from zotops.access_matrix import Cell, addresses, cells
from zotops.access_sentences import Sentence, sentences
from zotops.checks.matrix_answers import Asked
from zotops.checks.matrix_verdicts import SentenceHolds, judge, listed
from zotops.model import Evidence, Verdict
from zotops.profile import Profile

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return one_door(tmp_path)


def sentence(profile: Profile, name: str) -> Sentence:
    return next(each for each in sentences(profile) if each.name == name)


def dark(cell: Cell) -> Asked:
    return asked(cell, None, "no answer within 1 s", "is it running?")


def evidence_of(profile: Profile, name: str, of: tuple[Asked, ...], twins: tuple[Asked, ...] = ()) -> Evidence:
    check = SentenceHolds(sentence=sentence(profile, name), of=of, twins=twins)
    return check.run(world_of(profile, Safe()), {})


Make = Callable[[Cell], Asked]


@pytest.mark.parametrize(
    ("one", "two", "twin", "verdict", "observed", "likely"),
    [
        (right, right, right, PASSED, "415 to 2", ""),
        (right, wrong, right, FAILED, "403, not 415: zot-ci: push a tag by digest to practice/", "zot-ci is not in"),
        (right, right, wrong, FAILED, "415 to 2", "the registry judges nobody: authentication is off"),
        (wrong, right, wrong, FAILED, "403, not 415: zot-ci: push a new tag to practice/nettest", "zot-ci is not in"),
        (right, dark, right, UNKNOWN, "no answer within 1 s", ""),
        (dark, wrong, right, FAILED, "403, not 415", "zot-ci is not in"),
        (right, dark, wrong, FAILED, "415 to 1, no answer to 1", "the registry judges nobody"),
        (dark, dark, wrong, UNKNOWN, "no answer within 1 s", ""),
        (right, right, dark, PASSED, "415 to 2", ""),
    ],
)
def test_a_sentence_is_as_right_as_its_cells_and_its_twins(
    *, profile: Profile, one: Make, two: Make, twin: Make, verdict: Verdict, observed: str, likely: str
) -> None:
    cells = [cell_of(profile, ask, who="ci", kind="image") for ask in ("create", "create-by-digest")]
    beside = cell_of(profile, "create", who="forged")
    evidence = evidence_of(profile, "access.ci.create", (one(cells[0]), two(cells[1])), (twin(beside),))
    assert (evidence.verdict, evidence.expected) == (verdict, "415 to 2")
    assert evidence.observed.startswith(observed)
    assert evidence.likely.startswith(likely)
    assert bool(evidence.likely) == bool(likely)
    if verdict is UNKNOWN:
        assert evidence.remedy == "is it running?"
    else:
        assert evidence.twin == f"the same with a made-up key: {twin(beside).seen.status or 'no answer'} to 1"


def test_a_sentence_without_twins_speaks_of_none(profile: Profile) -> None:
    cell = cell_of(profile, "create")
    assert evidence_of(profile, "access.nobody.write", (right(cell),)).twin == ""


@pytest.mark.parametrize(
    ("statuses", "verdict", "observed"),
    [
        ((403, 401), PASSED, "403 to 1, 401 to 1"),
        ((415, 403), FAILED, "415, not 401 or 403: zot-ci: push a new tag to docker.io/library/busybox"),
        ((415, None), FAILED, "415, not 401 or 403"),
        ((403, None), UNKNOWN, "no answer within 1 s"),
    ],
)
def test_planting_is_red_wherever_it_is_let_through(
    profile: Profile, statuses: tuple[int | None, ...], verdict: Verdict, observed: str
) -> None:
    asks = ("create", "create-by-digest")
    cells = [cell_of(profile, ask, who="ci", kind="mirror") for ask in asks]
    of = tuple(
        dark(cell) if status is None else asked(cell, status) for cell, status in zip(cells, statuses, strict=True)
    )
    evidence = evidence_of(profile, "access.planting", of)
    assert (evidence.verdict, evidence.expected) == (verdict, "401 or 403 to 2 requests below mirrors")
    assert evidence.observed.startswith(observed)
    assert bool(evidence.likely) is (verdict is FAILED)


def names(profile: Profile, *matrix: Asked) -> dict[str, SentenceHolds]:
    return {check.sentence.name: check for check in judge(sentences(profile), matrix)}


def test_only_sentences_with_cells_are_judged_each_with_its_own_and_its_twins(profile: Profile) -> None:
    ci, forged = (right(cell_of(profile, "create", who=who, kind="image")) for who in ("ci", "forged"))
    nobody = right(cell_of(profile, "create"))
    found = names(profile, ci, forged, nobody)
    assert set(found) == {"access.ci.create", "access.made-up", "access.nobody.write"}
    assert (found["access.ci.create"].of, found["access.ci.create"].twins) == ((ci,), (forged,))
    assert (found["access.made-up"].of, found["access.made-up"].twins) == ((forged,), ())


@pytest.mark.parametrize(
    ("who", "ask", "status", "told"),
    [
        ("ci", "ping", 401, False),
        ("ci", "ping", 200, True),
        ("ci", "ping-docker", 401, False),
        ("ci", "keys", 500, False),
        ("ci", "keys", 404, True),
        ("admin", "ping", 401, True),
        ("nobody", "ping", 401, True),
    ],
)
def test_of_a_key_that_is_not_taken_nothing_else_is_said(
    *, profile: Profile, who: str, ask: str, status: int, told: bool
) -> None:
    taken = asked(cell_of(profile, ask, who=who), status)
    create = wrong(cell_of(profile, "create", who="ci", kind="image"))
    (rights,) = names(profile, taken, create)["access.ci.create"].of
    assert rights == (
        create if told else create.without("its key is not taken at all", "see the sentence about that key")
    )


def test_a_refusal_of_one_right_is_no_refusal_of_the_key(profile: Profile) -> None:
    refused = asked(cell_of(profile, "create", who="ci", kind="image"), 401)
    assert names(profile, refused)["access.ci.create"].of == (refused,)


def test_whoever_has_no_key_is_asked_to_sign_in_and_told_of_all_the_same(profile: Profile) -> None:
    docker, create = asked(cell_of(profile, "ping-docker"), 401), wrong(cell_of(profile, "create"))
    assert names(profile, docker, create)["access.nobody.write"].of == (create,)


def test_without_a_key_api_the_rights_of_a_key_are_told(profile: Profile) -> None:
    absent = [asked(cell_of(profile, "keys", who=who), 404) for who in ("nobody", "ci")]
    create = right(cell_of(profile, "create", who="ci", kind="image"))
    assert names(profile, *absent, create)["access.ci.create"].of == (create,)


def test_a_deletion_that_was_let_through_is_no_missing_key_api(profile: Profile) -> None:
    nobody = asked(cell_of(profile, "tags", kind="missing"), 404)
    deleting = asked(cell_of(profile, "delete-tag", who="ci", kind="image"), 404)
    assert names(profile, nobody, deleting)["access.ci.delete"].of == (deleting,)


def test_an_answer_with_words_of_its_own_is_told_by_them(profile: Profile) -> None:
    catalog = cell_of(profile, "catalog")
    assert listed([asked(catalog, 404, "200 without our image in it")]) == f"200 without our image in it: {catalog}"


def test_at_an_address_that_takes_the_key_its_rights_are_told(tmp_path: Path) -> None:
    two = profile_of(tmp_path, registry="http://127.0.0.1:1")
    main, other = ([cell for cell in cells(two) if cell.address == address] for address in addresses(two)[:2])
    untaken = [asked(cell, 401) for cell in main if (cell.principal.id, cell.ask.id) == ("ci", "ping")]
    creating = [cell for cell in (*main, *other) if (cell.principal.id, cell.ask.id) == ("ci", "create")]
    found = names(two, *untaken, *map(wrong, creating))["access.ci.create"].of
    assert {one.cell.address for one in found if one.verdict is UNKNOWN} == {main[0].address}
    assert {one.cell.address for one in found if one.verdict is FAILED} == {other[0].address}


def test_neither_is_it_said_that_such_a_key_may_not_plant(profile: Profile) -> None:
    taken = asked(cell_of(profile, "ping", who="ci"), 401)
    planting = asked(cell_of(profile, "create", who="ci", kind="mirror"), 401)
    check = names(profile, taken, planting)["access.planting"]
    assert check.run(world_of(profile, Safe()), {}).verdict is UNKNOWN


def test_without_a_key_api_only_that_is_red(profile: Profile) -> None:
    absent = [asked(cell_of(profile, "keys", who=who), 404) for who in ("nobody", "stranger", "forged", "ci")]
    taken = right(cell_of(profile, "ping", who="ci"))
    found, world = names(profile, *absent, taken), world_of(profile, Safe())
    assert {name: check.run(world, {}).verdict for name, check in found.items()} == {
        "access.key-api": FAILED,
        "access.made-up": UNKNOWN,
        "access.ci.key": UNKNOWN,
    }
    assert "API keys" in found["access.made-up"].of[0].seen.remedy


def test_who_alone_finds_no_key_api_is_not_believed(profile: Profile) -> None:
    several = [asked(cell_of(profile, "keys", who="nobody"), 500), asked(cell_of(profile, "keys", who="ci"), 404)]
    assert names(profile, *several)["access.ci.key"].of[0].verdict is FAILED


def test_the_sentence_about_the_key_itself_stays_red(profile: Profile) -> None:
    ping = asked(cell_of(profile, "ping", who="ci"), 401)
    (key,) = names(profile, ping)["access.ci.key"].of
    assert key.verdict is FAILED


def test_a_sentence_of_several_is_told_while_one_of_them_is_known(profile: Profile) -> None:
    """A made-up user and a made-up key stand in one sentence, and neither is signed in anywhere."""
    cells = [asked(cell_of(profile, "ping", who=who), 401) for who in ("stranger", "forged")]
    assert [one.verdict for one in names(profile, *cells)["access.made-up"].of] == [PASSED, PASSED]


def test_the_first_three_are_listed_and_the_others_counted(profile: Profile) -> None:
    cells = [wrong(cell_of(profile, ask, who="ci", kind="image")) for ask in ("create", "overwrite", "move", "tags")]
    assert listed(cells[:3]).count(";") == 2
    assert "more" not in listed(cells[:3])
    assert listed(cells).endswith("; and 1 more")
    same = [asked(each.cell, None, "silence") for each in cells]
    assert listed(same) == "silence"


def test_a_finding_is_one_and_others_are_not(profile: Profile) -> None:
    cell = right(cell_of(profile, "create", who="ci", kind="mirror"))
    found = names(profile, cell)
    assert found["access.planting"].advisory
    assert not found["access.ci.create"].advisory
    assert found["access.ci.create"].look.want == "403 or 415"

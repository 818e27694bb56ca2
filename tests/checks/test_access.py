from collections.abc import Callable

import msgspec
import pytest

from tests.checks.conftest import IMAGE, REFUSED, Here
from tests.systems.outside import Table, nobody_listens
from zotops.checks.access import (
    AnybodyMayRead,
    CiMayCreate,
    CiMayNotDelete,
    CiMayNotOverwrite,
    MadeUpKeyMayNothing,
    NobodyMayWrite,
)
from zotops.model import Verdict
from zotops.profile import Profile, Tier

Answers = Callable[..., Here]
CREATE, UPDATE, DELETE = (
    f"PUT {IMAGE}/manifests/unused",
    f"PUT {IMAGE}/manifests/v1",
    f"DELETE {IMAGE}/manifests/unused",
)
ALL = (AnybodyMayRead, NobodyMayWrite, CiMayCreate, CiMayNotOverwrite, CiMayNotDelete, MadeUpKeyMayNothing)


@pytest.mark.parametrize("check", ALL)
def test_a_hardened_registry_passes(check: type, answers: Answers) -> None:
    here = answers()
    evidence = here.look(check(profile=here.profile))
    assert (evidence.verdict, evidence.likely) == (Verdict.PASSED, "")


@pytest.mark.parametrize("check", ALL)
def test_a_registry_that_does_not_answer_is_unknown_not_red(check: type, nowhere: Here) -> None:
    assert nowhere.look(check(profile=nowhere.profile)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("check", ALL)
def test_a_proxy_without_its_registry_is_unknown(check: type, answers: Answers) -> None:
    down = dict.fromkeys(answers().server.table, 502)
    here = answers(down)
    assert here.look(check(profile=here.profile)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("check", "changes", "observed", "likely"),
    [
        (AnybodyMayRead, {"nobody GET /v2/_catalog": REFUSED}, "catalog 401, tags 200", "anonymousPolicy is missing"),
        (AnybodyMayRead, {f"nobody GET {IMAGE}/tags/list": REFUSED}, "catalog 200, tags 401", "does not name `read`"),
        (NobodyMayWrite, {f"nobody {CREATE}": 415}, "create at http", "without accessControl"),
        (NobodyMayWrite, {f"nobody {UPDATE}": 415}, "update at http", "anonymousPolicy names more than"),
        (NobodyMayWrite, {f"nobody {DELETE}": 404}, "delete at http", "anonymousPolicy names more than"),
        (NobodyMayWrite, {f"empty {CREATE}": 415}, "create at http", "anonymousPolicy names more than"),
        (CiMayCreate, {f"key {CREATE}": 403}, "403", "is not in artifact-workloads, or the claim spells"),
        (CiMayCreate, {f"key {CREATE}": 401}, "401", "expired, deleted, or made by somebody else"),
        (CiMayCreate, {f"other {CREATE}": 415}, "415", "authentication is off"),
        (CiMayNotOverwrite, {f"key {UPDATE}": 415}, "415", "the policy of artifact-workloads names `update`"),
        (CiMayNotOverwrite, {f"key {UPDATE}": 401}, "401", "does not take this key"),
        (CiMayNotDelete, {f"key {DELETE}": 404}, "404", "the policy of artifact-workloads names `delete`"),
        (CiMayNotDelete, {f"key {DELETE}": 400}, "400", "the policy of artifact-workloads names `delete`"),
        (MadeUpKeyMayNothing, {"other GET /v2/": 200}, "GET /v2/ 200", "judges no credentials"),
        (MadeUpKeyMayNothing, {f"other {CREATE}": 415}, "push 415", "judges no credentials"),
    ],
)
def test_a_wrong_right_is_red_and_says_why(
    check: type, changes: dict[str, int], observed: str, likely: str, answers: Answers
) -> None:
    here = answers(changes)
    evidence = here.look(check(profile=here.profile))
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed
    assert likely in evidence.likely
    assert evidence.remedy


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        (NobodyMayWrite, {f"nobody {CREATE}": (401, b"<html>sign in at the proxy</html>")}),
        (NobodyMayWrite, {f"nobody {CREATE}": 403}),
        (NobodyMayWrite, {f"nobody {CREATE}": (403, REFUSED[1])}),
        (NobodyMayWrite, {f"GET {IMAGE}/tags/list": (200, {"tags": []})}),
        (CiMayCreate, {f"key {CREATE}": 500}),
        (CiMayNotOverwrite, {f"GET {IMAGE}/tags/list": (200, {"tags": None})}),
    ],
)
def test_an_answer_that_is_not_the_registrys_own_judgement_is_unknown(
    check: type, changes: dict[str, object], answers: Answers
) -> None:
    here = answers(changes)
    assert here.look(check(profile=here.profile)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("check", [CiMayCreate, CiMayNotOverwrite, CiMayNotDelete])
def test_without_a_key_there_is_no_right_yet(check: type, answers: Answers) -> None:
    here = answers(key="")
    evidence = here.look(check(profile=here.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "no key yet")


def test_a_door_past_the_proxy_that_is_open_is_red_although_another_is_silent(answers: Answers) -> None:
    here = answers({f"nobody {CREATE}": 415})
    silent = msgspec.structs.replace(here.profile.registry.addresses[0], url=nobody_listens())
    registry = msgspec.structs.replace(here.profile.registry, addresses=(silent,))
    for check in (AnybodyMayRead, NobodyMayWrite):
        evidence = here.look(check(profile=msgspec.structs.replace(here.profile, registry=registry)))
        assert evidence.verdict is (Verdict.FAILED if check is NobodyMayWrite else Verdict.UNKNOWN)


def with_door(profile: Profile, url: str) -> Profile:
    """The profile whose only other front door is at that address."""
    other = msgspec.structs.replace(profile.registry.addresses[0], url=url)
    return msgspec.structs.replace(profile, registry=msgspec.structs.replace(profile.registry, addresses=(other,)))


def private(profile: Profile) -> Profile:
    """The profile in which nobody may do anything without signing in."""
    tiers = msgspec.structs.replace(profile.tiers, anonymous=())
    return msgspec.structs.replace(profile, tiers=tiers)


def test_a_main_address_that_is_wrong_is_red_although_another_is_silent(answers: Answers) -> None:
    here = answers({f"nobody GET {IMAGE}/tags/list": REFUSED})
    evidence = here.look(AnybodyMayRead(profile=with_door(here.profile, nobody_listens())))
    assert evidence.verdict is Verdict.FAILED
    assert "catalog 200, tags 401" in evidence.observed
    assert evidence.observed.count("; ") == 1


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({"nobody GET /v2/_catalog": REFUSED}, "catalog 401, tags 200"),
        ({f"nobody GET {IMAGE}/tags/list": REFUSED}, "catalog 200, tags 401"),
        ({}, "catalog 200, tags 200"),
    ],
)
def test_where_nobody_may_read_either_of_two_answers_is_enough_to_be_red(
    changes: Table, observed: str, answers: Answers
) -> None:
    here = answers(changes)
    evidence = here.look(AnybodyMayRead(profile=private(here.profile)))
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed


def test_a_door_that_is_open_is_red_although_the_main_address_shows_no_tag(answers: Answers) -> None:
    here, open_one = (
        answers({"GET /v2/": 502, f"GET {IMAGE}/tags/list": 502, CREATE: 502, DELETE: 502}),
        answers({CREATE: 415}),
    )
    evidence = here.look(NobodyMayWrite(profile=with_door(here.profile, open_one.server.url)))
    assert evidence.verdict is Verdict.FAILED
    assert "create at" in evidence.observed
    assert "415" in evidence.observed


def test_a_key_that_may_not_even_read_is_not_taken(answers: Answers) -> None:
    here = answers({f"key GET {IMAGE}/tags/list": 401, f"key {CREATE}": 401, f"key {UPDATE}": 401})
    evidence = here.look(CiMayNotOverwrite(profile=here.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "401")
    assert "does not take this key" in evidence.likely


@pytest.mark.parametrize(("status", "remedy"), [(404, "name an image"), (500, "look at the registry's log")])
def test_tags_that_are_not_shown_are_unknown_and_say_why(status: int, remedy: str, answers: Answers) -> None:
    here = answers({f"key GET {IMAGE}/tags/list": status})
    evidence = here.look(CiMayNotOverwrite(profile=here.profile))
    assert evidence.verdict is Verdict.UNKNOWN
    assert remedy in evidence.remedy


def test_a_door_to_a_registry_without_rules_is_told_from_one_that_has_lost_them(answers: Answers) -> None:
    here, open_one = answers(), answers({CREATE: 415})
    evidence = here.look(NobodyMayWrite(profile=with_door(here.profile, open_one.server.url)))
    assert (evidence.verdict, evidence.twin) == (Verdict.FAILED, "")
    assert evidence.likely.startswith("not the main address, but another one")
    evidence = open_one.look(NobodyMayWrite(profile=with_door(open_one.profile, here.server.url)))
    assert evidence.likely.startswith("the registry still runs without accessControl")


def test_what_was_refused_and_let_through_is_counted(answers: Answers) -> None:
    here = answers()
    reading, writing = (here.look(check(profile=here.profile)) for check in (AnybodyMayRead, NobodyMayWrite))
    assert reading.observed.startswith("200 at ")
    assert writing.observed == "401 to all 12 requests"
    assert writing.twin == "each refusal is the registry's own, so the request was understood"


def test_where_nobody_may_read_nobody_can_know_of_a_tag_to_overwrite(answers: Answers) -> None:
    here = answers({f"nobody GET {IMAGE}/tags/list": REFUSED, "nobody GET /v2/_catalog": REFUSED})
    profile = private(here.profile)
    row = AnybodyMayRead(profile=profile)
    assert (str(row), row.look.want) == ("nobody may read without signing in", "401")
    assert here.look(row).verdict is Verdict.PASSED
    assert here.look(NobodyMayWrite(profile=profile)).observed == "401 to all 8 requests"
    opened = answers()
    evidence = opened.look(AnybodyMayRead(profile=private(opened.profile)))
    assert (evidence.verdict, evidence.likely) == (Verdict.FAILED, "anonymousPolicy names `read`")


def test_what_the_tiers_give_to_anybody_is_not_asked_of_nobody(answers: Answers) -> None:
    here = answers({f"nobody {CREATE}": 415, f"empty {CREATE}": 415})
    tiers = msgspec.structs.replace(here.profile.tiers, anonymous=("read", "create"))
    evidence = here.look(NobodyMayWrite(profile=msgspec.structs.replace(here.profile, tiers=tiers)))
    assert evidence.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("check", "may", "may_not"),
    [
        (AnybodyMayRead, "anybody may read", ""),
        (CiMayCreate, "zot-ci may push new tags", "zot-ci may not push new tags"),
        (CiMayNotOverwrite, "zot-ci may overwrite a tag", "zot-ci may not overwrite a tag"),
        (CiMayNotDelete, "zot-ci may delete", "zot-ci may not delete"),
    ],
)
def test_each_right_is_said_as_the_tiers_have_it(check: type, may: str, may_not: str, answers: Answers) -> None:
    profile = answers().profile
    assert str(check(profile=with_ci_actions(profile, "read", "create", "update", "delete"))) == may
    if may_not:
        assert str(check(profile=with_ci_actions(profile, "read"))) == may_not
    if check is AnybodyMayRead:
        assert check(profile=profile).look.want == "200"


@pytest.mark.parametrize(
    ("check", "request_made", "right", "expected"),
    [
        (CiMayCreate, "-X PUT -H 'Content-Type: text/plain'", "415", "415 (let through) to create as zot-ci"),
        (CiMayNotOverwrite, "-X PUT -H 'Content-Type: text/plain'", "415", "403 (refused) to update as zot-ci"),
        (CiMayNotDelete, "-X DELETE", "404", "404 or 400"),
    ],
)
def test_a_person_makes_the_same_request_and_knows_the_right_answer(
    check: type, request_made: str, right: str, expected: str, answers: Answers
) -> None:
    here = answers()
    every, none = (with_ci_actions(here.profile, "read", *more) for more in (("create", "update", "delete"), ()))
    assert f"{request_made} {here.profile.registry.url}" in check(profile=every).look.command
    assert (check(profile=every).look.want, check(profile=none).look.want) == (right, "403")
    wanted = here.profile if check is not CiMayNotDelete else every
    assert here.look(check(profile=wanted)).expected.startswith(expected)


def test_every_door_is_asked_with_nothing_and_with_an_empty_secret(answers: Answers) -> None:
    here = answers()
    here.look(NobodyMayWrite(profile=here.profile))
    hosts = {(line.split()[0], headers["Host"].split(":")[0]) for line, headers in here.server.seen if CREATE in line}
    assert hosts == {(who, host) for who in ("nobody", "empty") for host in ("127.0.0.1", "localhost")}


def test_the_tiers_decide_what_is_expected(answers: Answers) -> None:
    here = answers({f"key {UPDATE}": 415})
    may = with_ci_actions(here.profile, "read", "create", "update")
    assert str(CiMayNotOverwrite(profile=may)) == "zot-ci may overwrite a tag"
    assert here.look(CiMayNotOverwrite(profile=may)).verdict is Verdict.PASSED


def test_a_key_over_plain_http_goes_only_where_the_profile_trusts_it(answers: Answers) -> None:
    here = answers()
    url = here.server.url.replace("127.0.0.1", "host.invalid")
    registry = msgspec.structs.replace(here.profile.registry, url=url, plain_http_is_trusted=False)
    evidence = here.look(CiMayCreate(profile=msgspec.structs.replace(here.profile, registry=registry)))
    assert "is plain http, so no key is sent there" in evidence.observed


def with_ci_actions(profile: Profile, *actions: str) -> Profile:
    tier = msgspec.convert({"group": profile.tiers.ci.group, "actions": actions}, Tier)
    return msgspec.structs.replace(profile, tiers=msgspec.structs.replace(profile.tiers, ci=tier))

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.checks.conftest import LIST_KEYS, Here
from tests.platform.rotating import NEW, OLD, rotating
from tests.systems.outside import KEY
from zotops.checks.key_api import CiKeyIsListed, KeyApiIsThere, KeyIsCiUsers
from zotops.model import Verdict
from zotops.systems.key_places import KEY_PRINT
from zotops.systems.zot_keys import KEY_EXPIRES, KEY_ID, KEY_LABEL
from zotops.world import Secret

Answers = Callable[..., Here]
LIST = f"key {LIST_KEYS}"
NEVER = "0001-01-01T00:00:00Z"


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def row(key: str, *, expires: str, used: str = NEVER, label: str = "zotops/7f3a/1") -> dict[str, Any]:
    return {"uuid": key, "label": label, "createdAt": in_days(-1), "expirationDate": expires, "lastUsed": used}


def listed(*rows: dict[str, Any]) -> dict[str, Any]:
    return {LIST: (200, {"apiKeys": list(rows)})}


USED = row("key-0001", expires=in_days(90))


@pytest.mark.parametrize("check", [KeyApiIsThere, KeyIsCiUsers, CiKeyIsListed])
def test_a_hardened_registry_with_a_good_key_passes(check: type, answers: Answers) -> None:
    here = answers(listed(USED), used=USED)
    assert here.look(check(profile=here.profile)).verdict is Verdict.PASSED


@pytest.mark.parametrize("check", [KeyApiIsThere, KeyIsCiUsers, CiKeyIsListed])
def test_a_registry_that_does_not_answer_is_unknown(check: type, nowhere: Here) -> None:
    assert nowhere.look(check(profile=nowhere.profile)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (500, Verdict.PASSED),
        (401, Verdict.PASSED),
        (404, Verdict.FAILED),
        ((500, b"proxy error"), Verdict.UNKNOWN),
        (200, Verdict.UNKNOWN),
    ],
)
def test_the_key_api_is_there_when_it_says_not_signed_in(answer: Any, verdict: Verdict, answers: Answers) -> None:
    here = answers({"GET /zot/auth/apikey": answer})
    assert here.look(KeyApiIsThere(profile=here.profile)).verdict is verdict


def test_a_key_made_by_somebody_else_is_refused_with_that_cause(answers: Answers) -> None:
    here = answers({"key GET /v2/": 401})
    evidence = here.look(KeyIsCiUsers(profile=here.profile), {KEY_LABEL: "zotops/7f3a/1"})
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "401")
    assert evidence.likely == "expired, deleted, or made by somebody else; then it has that person's rights"
    assert 'delete "zotops/7f3a/1"' in evidence.remedy
    assert evidence.twin == "a made-up key: 401, so the registry is there and judges"


@pytest.mark.parametrize("status", [403, 429, 500])
@pytest.mark.parametrize("also", [{}, {"other GET /v2/": 500}], ids=["to the key", "to every key"])
def test_what_says_nothing_about_a_key_is_no_reason_to_throw_it_away(
    status: int, also: dict[str, int], answers: Answers
) -> None:
    evidence = (here := answers({"key GET /v2/": status, **also})).look(KeyIsCiUsers(profile=here.profile))
    assert evidence.verdict is Verdict.UNKNOWN
    assert evidence.observed == f"{status}, which says neither that it works nor that it does not"


def test_a_registry_that_takes_any_key_proves_nothing_about_ours(answers: Answers) -> None:
    here = answers({"other GET /v2/": 200})
    evidence = here.look(KeyIsCiUsers(profile=here.profile))
    assert (evidence.verdict, evidence.likely) == (Verdict.FAILED, "the registry judges no credentials")


@pytest.mark.parametrize(
    ("days", "verdict", "words"),
    [
        (90, Verdict.PASSED, "until"),
        (30, Verdict.PASSED, "until"),
        (None, Verdict.FAILED, "never expires"),
        (365, Verdict.FAILED, "until"),
        (-1, Verdict.FAILED, "until"),
    ],
)
def test_the_key_ends_within_the_profiles_days(
    days: int | None, verdict: Verdict, words: str, answers: Answers
) -> None:
    expires = NEVER if days is None else in_days(days)
    key = row("key-0001", expires=expires)
    here = answers(listed(key), used=key)
    evidence = here.look(CiKeyIsListed(profile=here.profile))
    assert evidence.verdict is verdict
    assert words in evidence.observed
    causes = {Verdict.PASSED: "", Verdict.FAILED: "made with another expiry" if days else "made without an expiry"}
    assert evidence.likely == causes[verdict]


def test_of_several_keys_it_is_the_one_just_used(answers: Answers) -> None:
    old = row("key-0000", expires=NEVER, used=in_days(-1))
    here = answers(listed(old, USED, row("key-0002", expires=NEVER)), used=USED)
    evidence = here.look(CiKeyIsListed(profile=here.profile))
    assert evidence.facts[KEY_ID] == "key-0001"
    assert evidence.facts[KEY_LABEL] == "zotops/7f3a/1"
    assert evidence.facts[KEY_EXPIRES].startswith(in_days(90)[:10])
    assert evidence.facts[KEY_PRINT] == here.safe.fingerprint(Secret(KEY))


def test_a_key_that_merely_lies_there_does_not_take_the_place_of_the_one_that_was_made(answers: Answers) -> None:
    here = answers(listed(USED), used=USED)
    assert here.look(CiKeyIsListed(profile=here.profile), {KEY_PRINT: "of another key"}).facts == {}
    same = {KEY_PRINT: here.safe.fingerprint(Secret(KEY))}
    assert here.look(CiKeyIsListed(profile=here.profile), same).facts[KEY_ID] == "key-0001"


def test_a_pending_key_is_the_one_that_was_made_whatever_was_known_before(answers: Answers) -> None:
    here = answers(listed(USED), used=USED)
    here.safe.fields[here.profile.pending_key.secret] = KEY
    assert here.look(CiKeyIsListed(profile=here.profile), {KEY_PRINT: "of another key"}).facts[KEY_ID] == "key-0001"


def test_a_key_that_was_used_last_is_not_taken_for_the_one_in_hand(answers: Answers) -> None:
    other = row("key-0002", expires=in_days(30), used=in_days(1))
    here = answers(listed(USED, other), used=USED)
    assert here.look(CiKeyIsListed(profile=here.profile)).facts[KEY_ID] == "key-0001"


@pytest.mark.parametrize("ours", [True, False])
def test_while_ci_is_at_work_with_the_other_key_the_id_of_the_one_just_made_decides(tmp_path: Path, ours: bool) -> None:
    with rotating(tmp_path) as place:
        place.ring.meddle(OLD, 99)
        place.ring.keys[NEW]["expirationDate"] = in_days(30)
        facts = {KEY_ID: place.id_of(NEW), KEY_PRINT: place.print_of(NEW if ours else OLD)}
        evidence = place.look(CiKeyIsListed, facts)
    assert evidence.verdict is (Verdict.PASSED if ours else Verdict.UNKNOWN)


def test_a_list_in_which_no_key_was_used_cannot_be_judged(answers: Answers) -> None:
    here = answers(listed(row("key-0001", expires=in_days(90))))
    assert here.look(CiKeyIsListed(profile=here.profile)).verdict is Verdict.UNKNOWN


def test_an_expired_key_is_not_taken(answers: Answers) -> None:
    here = answers({LIST: 401})
    evidence = here.look(CiKeyIsListed(profile=here.profile))
    assert (evidence.verdict, evidence.observed) == (Verdict.FAILED, "401: the key is not taken")


@pytest.mark.parametrize("check", [KeyIsCiUsers, CiKeyIsListed])
@pytest.mark.parametrize(
    ("stored", "observed"),
    [
        ("", "no key yet"),
        ("unset", "holds 5 characters that are no key"),
        (f"{KEY}\n", "holds a key with a line break or blank around it"),
        (KEY.upper(), "holds 36 characters that are no key"),
    ],
)
def test_what_is_no_key_is_said_without_showing_it(check: type, stored: str, observed: str, answers: Answers) -> None:
    here = answers(key=stored)
    evidence = here.look(check(profile=here.profile))
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed
    assert KEY[4:] not in repr(evidence).lower()


def test_the_pending_key_goes_before_the_current_one(answers: Answers) -> None:
    here = answers({"other GET /v2/": 200}, key=KEY)
    here.safe.fields[here.profile.pending_key.secret] = "zak_" + "f" * 32
    here.look(KeyIsCiUsers(profile=here.profile))
    assert "key GET /v2/" not in {line for line, _ in here.server.seen}


@pytest.mark.parametrize(
    ("key", "observed", "likely", "remedy"),
    [
        ("", "no key yet", "nobody has made it so far", "make one: "),
        ("unset", "no key yet: `Forgejo Secrets` zot-ci-api holds 5 characters", "nobody has made it", "make one: "),
        (f"{KEY}\n", "holds a key with a line break", "together with the end of its line", "the 36 characters alone"),
        (f" {KEY}", "holds a key with a line break or blank", "together with the end", "the 36 characters alone"),
    ],
)
def test_why_there_is_no_key_is_told_with_what_helps(
    key: str, observed: str, likely: str, remedy: str, answers: Answers
) -> None:
    here = answers(key=key)
    evidence = here.look(KeyIsCiUsers(profile=here.profile))
    assert evidence.verdict is Verdict.FAILED
    assert observed in evidence.observed
    assert likely in evidence.likely
    assert remedy in evidence.remedy

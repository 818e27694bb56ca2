"""Secrets that do not show themselves, and answers as the doors hand them on."""

import json
import pickle

import pytest

from zotops.errors import Unreachable
from zotops.world import Headers, Reply, Secret

HIDDEN = "zak_0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("shown", [repr, str, format, "{!r:>3}".format, lambda s: f"{[s]} {s!s}"])
def test_a_secret_does_not_show_itself(shown: object) -> None:
    assert callable(shown)
    assert "0123" not in shown(Secret(HIDDEN))


def test_a_secret_is_neither_pickled_nor_serialised_nor_hashed() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Secret(HIDDEN))
    with pytest.raises(TypeError):
        json.dumps(Secret(HIDDEN))
    with pytest.raises(TypeError):
        hash(Secret(HIDDEN))


def test_a_secret_has_no_dictionary_that_a_debugger_or_a_logger_would_print() -> None:
    assert not hasattr(Secret(HIDDEN), "__dict__")


def test_only_reveal_gives_a_secret_out() -> None:
    assert Secret(HIDDEN).reveal() == HIDDEN


def test_secrets_are_compared_by_value_and_only_with_secrets() -> None:
    assert Secret("ä") == Secret("ä")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret(" ")


def test_headers_are_found_in_any_case_and_the_first_of_repeated_ones_counts() -> None:
    headers = Headers([("Set-Cookie", "a=1"), ("X-One", "1"), ("set-cookie", "b=2")])
    assert headers["SET-COOKIE"] == "a=1"
    assert headers.all("Set-Cookie") == ("a=1", "b=2")
    assert list(headers) == ["set-cookie", "x-one"]
    assert len(headers) == 2
    assert headers.get("absent") is None


def test_a_body_that_is_no_text_is_text_all_the_same() -> None:
    assert Reply(method="GET", url="u", status=200, body=b"a\xffb").text == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"\xff\xfe"])
def test_an_answer_that_is_no_json_cannot_be_judged(body: bytes) -> None:
    with pytest.raises(Unreachable, match="GET http://x/ answered 502 with something that is not JSON"):
        Reply(method="GET", url="http://x/", status=502, body=body).json()

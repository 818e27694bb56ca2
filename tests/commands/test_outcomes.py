"""What ended a command becomes its exit code and its last words, in one place."""

from __future__ import annotations

import signal
from typing import NoReturn

import pytest

from zotops import errors
from zotops.commands.outcomes import outcome
from zotops.errors import Stop, Unreachable

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Stop)]
CODES = {
    "Stop": 1,
    "ConfigurationIsWrong": 78,
    "DefinitionChanged": 7,
    "LockedByAnother": 6,
    "Uncertain": 4,
    "ActionFailed": 1,
    "CheckFailed": 1,
    "Unreachable": 5,
    "NeedsAPerson": 3,
    "UsageIsWrong": 2,
    "Interrupted": 130,
}


def raising(error: BaseException) -> NoReturn:
    raise error


def test_there_is_a_code_for_every_kind_of_stop() -> None:
    assert {kind.__name__: kind.exit_code for kind in KINDS} == CODES


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_stop_ends_with_its_code_and_says_what_and_what_to_do(
    kind: type[Stop], capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(lambda: raising(kind("it is dark", remedy="switch it on"))) == CODES[kind.__name__]
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "\nzotops: it is dark\n  remedy  switch it on\n"


def test_a_stop_without_a_remedy_says_none(capsys: pytest.CaptureFixture[str]) -> None:
    outcome(lambda: raising(Unreachable("it is dark")))
    assert capsys.readouterr().err == "\nzotops: it is dark\n"


def test_what_a_server_says_paints_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    outcome(lambda: raising(Unreachable("it says \x1b]0;owned\x07", remedy="look\nat \x9b31m")))
    assert capsys.readouterr().err == "\nzotops: it says \ufffd]0;owned\ufffd\n  remedy  look\nat \ufffd31m\n"


def test_an_interrupt_from_anywhere_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(lambda: raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "\ninterrupted\n"


def test_a_commands_own_code_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(lambda: 5) == 5
    assert capsys.readouterr() == ("", "")


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        outcome(lambda: raising(ZeroDivisionError()))


def test_a_stop_reads_as_what_and_remedy() -> None:
    assert str(Unreachable("it is dark", remedy="switch it on")) == "it is dark: switch it on"
    assert str(Unreachable("it is dark")) == "it is dark"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_closed_terminal_is_an_interrupt_unless_it_is_ignored_already(number: signal.Signals) -> None:
    seen = []

    def command() -> int:
        seen.append(signal.getsignal(number))
        return 0

    before = signal.getsignal(number)
    try:
        for handler in (signal.SIG_DFL, signal.SIG_IGN):
            signal.signal(number, handler)
            outcome(command)
            assert signal.getsignal(number) == handler
    finally:
        signal.signal(number, before)
    assert callable(seen[0])
    assert seen[1] == signal.SIG_IGN

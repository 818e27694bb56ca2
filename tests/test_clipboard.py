"""The operator's clipboard, by programs that are installed for the test as a system has them."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from zotops.clipboard import Clipboard
from zotops.doors import RealPrograms
from zotops.errors import Unreachable
from zotops.redaction import Redactor
from zotops.world import Secret

KEY = "zak_" + "a1" * 16


def installed(folder: Path, **programs: str) -> Clipboard:
    """A clipboard on a PATH that has these shell scripts; `{board}` in them is the file that is the board."""
    bin_ = folder / "bin"
    bin_.mkdir()
    for name, text in programs.items():
        program = bin_ / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{text.format(board=folder / 'board')}\n")
        program.chmod(0o700)
    return Clipboard(RealPrograms(Redactor(), search_path=f"{bin_}:{os.defpath}"))


def macos(folder: Path) -> Clipboard:
    return installed(folder, pbpaste="cat {board}", pbcopy="cat > {board}")


def test_it_is_read_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "board").write_text(f"{KEY}\n")
    assert macos(tmp_path).read().reveal() == KEY


def test_what_was_taken_is_emptied(tmp_path: Path) -> None:
    (tmp_path / "board").write_text(KEY)
    assert macos(tmp_path).empty(Secret(KEY))
    assert (tmp_path / "board").read_text() == ""


def test_what_was_copied_since_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "board").write_text("a shopping list")
    assert macos(tmp_path).empty(Secret(KEY))
    assert (tmp_path / "board").read_text() == "a shopping list"


def test_a_board_that_cannot_be_emptied_is_said(tmp_path: Path) -> None:
    (tmp_path / "board").write_text(KEY)
    assert not installed(tmp_path, pbpaste="cat {board}", pbcopy="cat > /dev/null").empty(Secret(KEY))


@pytest.mark.parametrize(
    "programs",
    [
        {"wl_paste": 'test "$1" = --no-newline && cat {board}', "wl_copy": 'test "$1" = --clear && : > {board}'},
        {"xclip": 'case "$*" in *-o) cat {board} ;; "-selection clipboard -i") cat > {board} ;; esac'},
        {"xsel": 'case "$*" in *--output) cat {board} ;; "--clipboard --clear") : > {board} ;; esac'},
    ],
    ids=["wayland", "xclip", "xsel"],
)
def test_other_systems_have_other_programs(tmp_path: Path, programs: dict[str, str]) -> None:
    (tmp_path / "board").write_text(KEY)
    board = installed(tmp_path, **programs)
    assert board.read().reveal() == KEY
    assert board.empty(Secret(KEY))
    assert (tmp_path / "board").read_text() == ""


def test_a_program_that_fails_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="the clipboard cannot be read: paste it instead"):
        installed(tmp_path, pbpaste="exit 1").read()


def test_what_a_program_said_before_it_hung_is_never_told(tmp_path: Path) -> None:
    board = installed(tmp_path, pbpaste="echo a password of ours; exec sleep 60")
    with pytest.raises(Unreachable) as told:
        replace(board, patience=0.3).read()
    assert str(told.value) == "the clipboard cannot be read: paste it instead"


def test_without_any_program_it_is_said_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="install one of pbpaste, wl-paste, xclip, xsel, or paste it"):
        installed(tmp_path).read()

"""What keeps a failure window of a rotation shut, as the tables of both keys name it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """A text that stands once in a file below zotops/, and what is put in its place."""

    file: str
    text: str
    instead: str


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What keeps a window shut, in words and in the source; the window's test, and what that says when it is red.

    Several cuts: one guard stands behind another, and only without all of them comes the harm.
    """

    window: int
    keeps: str
    cuts: tuple[Cut, ...]
    test: str
    red: str

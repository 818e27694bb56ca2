"""What keeps a failure window of a rotation shut, as the tables of both keys name it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """A text that stands once in a file below zotops/, and what is put in its place."""

    file: str
    text: str
    instead: str


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window by its number, its guard in words and in the source, its test, and a text of that test's red.

    Several cuts: one guard stands behind another, and only without all of them comes the harm.
    """

    number: int
    guard: str
    cuts: tuple[Cut, ...]
    test: str
    red: str

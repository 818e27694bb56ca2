"""What must not show: the secrets of this process, and their removal from everything that is written or shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

from zotops.secret_forms import SHORTEST, forms_of, lines_of
from zotops.world import Secret

PLACEHOLDER = "[redacted]"
TELLING = 8  # a shorter form can be an ordinary word, so a sweep cannot call it a leak
REGISTRY_KEY = re.compile(r"zak_[0-9a-f]{32}", re.IGNORECASE)
REGISTRY_KEY_LENGTH = 36

_Spans = list[tuple[int, int]]


def printable(text: str, *, keep: str = "") -> str:
    """Without control characters, which paint a terminal and which XML cannot hold; those in `keep` stay."""
    return "".join(c if c.isprintable() or c in keep else "\N{REPLACEMENT CHARACTER}" for c in text)


class Redactor:
    """Knows the secrets of this process and removes them from text; safe to use from several threads.

    A secret below 4 characters is removed only together with its user: alone it is in every text.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._forms: dict[str, str] = {}
        self._lines: set[str] = set()
        self._finder: Callable[[str], _Spans] | None = None

    def register(self, secret: Secret, *, user: str = "", name: str = "a secret") -> None:
        """Know this secret from now on; `user` is who it logs in as, `name` is what a sweep calls it."""
        value = secret.reveal()
        forms = {form: f"{name}, {kind}" for form, kind in forms_of(value, user).items()}
        with self._lock:
            if forms.keys() - self._forms.keys():
                self._forms = forms | self._forms
                self._lines |= lines_of(value)
                self._finder = None

    def redact(self, text: str) -> str:
        """The text with every form of every known secret, and everything like a registry's key, replaced."""
        pieces, end = [], 0
        for start, stop in self.spans(text):
            pieces += [text[end:start], PLACEHOLDER]
            end = stop
        return "".join([*pieces, text[end:]]) if pieces else text

    def redact_all(self, value: Any) -> Any:
        """A JSON-like value with every text in it redacted, and every number that is a secret made a text."""
        if isinstance(value, str):
            # A name from outside may hold half a character, which no file can.
            return self.redact(value.encode("utf-8", "replace").decode())
        if isinstance(value, Mapping):
            return {self.redact_all(str(key)): self.redact_all(kept) for key, kept in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.redact_all(kept) for kept in value]
        if type(value) in {int, float} and self.spans(str(value)):
            return self.redact(str(value))
        return value

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand, as (start, stop), in order and without overlaps."""
        with self._lock:
            if self._finder is None:
                self._finder = _finder({*self._forms, *self._lines})
            find = self._finder
        return _merged([match.span() for match in REGISTRY_KEY.finditer(text)] + find(text))

    def stream(self, sink: Callable[[str], None]) -> Stream:
        """Redact text that comes in pieces: give them to `write`, then `close`; `sink` gets what is safe to show."""
        return Stream(self, sink)

    def longest(self) -> int:
        """Length of the longest form, in characters."""
        return max([REGISTRY_KEY_LENGTH, *map(len, self.forms())])

    def forms(self) -> Mapping[str, str]:
        """Every known form, with the name of what it is a form of; as secret as what it is made of."""
        with self._lock:
            return dict(self._forms)

    def hits(self, text: str) -> list[str]:
        """What shows in this text: names of secrets and kinds of form, never the secrets; forms from 8 characters."""
        found = {name for form, name in self.forms().items() if len(form) >= TELLING and form in text}
        if not found and REGISTRY_KEY.search(text):
            found = {"an API key of the registry that was never registered"}
        return sorted(found)

    def sweep(self, paths: Iterable[Path]) -> list[str]:
        """Hits in files, one sentence each; an unreadable file is one too, because nobody can vouch for it."""
        found = []
        for path in paths:
            try:
                text = path.read_bytes().decode("utf-8", "replace")
            except OSError as error:
                found.append(f"{path}: could not be swept: {error.strerror}")
            else:
                found += [f"{path}: shows {hit}" for hit in self.hits(text)]
        return found


class Stream:
    """Text on its way to somebody: held back at the last newline, or in a longer line by the longest form's length."""

    def __init__(self, redactor: Redactor, sink: Callable[[str], None]) -> None:
        self._redactor = redactor
        self._sink = sink
        self._held = ""

    def write(self, text: str) -> None:
        """Take the next piece; what is safe goes on at once."""
        self._held += text
        safe = self._held.rfind("\n") + 1
        if not safe:
            safe = self._before_a_secret(len(self._held) - self._redactor.longest())
        if safe > 0:
            # Cut first: a sink that is interrupted must not be told the same once more.
            text, self._held = self._held[:safe], self._held[safe:]
            self._sink(self._redactor.redact(text))

    def close(self) -> None:
        """Give out what was held back."""
        text, self._held = self._held, ""
        if text:
            self._sink(self._redactor.redact(text))

    def _before_a_secret(self, cut: int) -> int:
        spans = self._redactor.spans(self._held) if cut > 0 else []
        return next((start for start, stop in spans if start < cut < stop), cut)


def _finder(forms: Iterable[str]) -> Callable[[str], _Spans]:
    """Finds the longest form at every place. Only beginnings are compiled: whole forms by the thousand take seconds."""
    longest_first: dict[str, list[str]] = {}
    for form in sorted(forms, key=len, reverse=True):
        longest_first.setdefault(form[:SHORTEST], []).append(form)
    if not longest_first:
        return lambda _text: []
    beginnings = re.compile(_alternation(sorted(longest_first)))

    def find(text: str) -> _Spans:
        found, match = [], beginnings.search(text)
        while match:
            start = match.start()
            length = next((len(form) for form in longest_first[match[0]] if text.startswith(form, start)), 0)
            found += [(start, start + length)] if length else []
            match = beginnings.search(text, start + 1)
        return found

    return find


def _alternation(texts: list[str]) -> str:
    """A regular expression for these sorted texts of one length; beginnings that they share stand once."""
    branches = []
    for first, group in groupby(texts, key=lambda text: text[0]):
        rests = [text[1:] for text in group]
        branches.append(re.escape(first) + (f"(?:{_alternation(rests)})" if rests[0] else ""))
    return "|".join(branches)


def _merged(spans: _Spans) -> _Spans:
    merged: _Spans = []
    for start, stop in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged

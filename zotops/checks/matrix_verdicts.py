"""What the answers of the access matrix say about each sentence; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from zotops.access_asks import BROKEN, NOT_SIGNED_IN, NOT_THERE, REFUSED
from zotops.access_matrix import NOBODY, Cell
from zotops.access_sentences import ANYBODY, KEY_API, Sentence
from zotops.checks.matrix_answers import Asked
from zotops.model import Check, Evidence, Facts, Look, Verdict, judged, unknown
from zotops.world import World

SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class SentenceHolds(Check):
    """One sentence and the answers to its cells. `of`: the cells of this sentence; `twins`: those of its twin."""

    sentence: Sentence
    of: tuple[Asked, ...]
    twins: tuple[Asked, ...] = ()

    def __str__(self) -> str:
        return self.sentence.says

    @property
    def look(self) -> Look:
        """The first cell; the others are alike."""
        first = self.of[0].cell
        return Look(command=f"{first.ask.request} as {first.principal.says}", want=statuses(first.expected))

    @property
    def advisory(self) -> bool:
        """A weakness that the profile's own tiers allow."""
        return self.sentence.advisory

    def run(self, world: World, facts: Facts) -> Evidence:
        """Everything has been asked already."""
        del world, facts
        if self.sentence.only_planting:
            return self._planting()
        red = [asked for asked in self.of if asked.verdict is Verdict.FAILED]
        dark = [asked for asked in self.of if asked.verdict is Verdict.UNKNOWN]
        expected = f"{counted(asked.cell for asked in self.of)}"
        loose = [asked for asked in self.twins if asked.verdict is Verdict.FAILED]
        if len(dark) == len(self.of) or (dark and not red and not loose):
            return unknown(expected=expected, observed=listed(dark), remedy=dark[0].seen.remedy)
        twin = f"the same with a made-up key: {seen(self.twins)}" if self.twins else ""
        return judged(
            not red and not loose,
            expected=expected,
            observed=listed(red) if red else seen(self.of),
            twin=twin,
            likely=self.sentence.likely if red else "the registry judges nobody: authentication is off",
            remedy=self.sentence.remedy,
        )

    def _planting(self) -> Evidence:
        dark = [asked for asked in self.of if asked.verdict is Verdict.UNKNOWN]
        # Below a mirror being let through is expected, too, by a server whose one pattern covers everything.
        better = [replace(asked, cell=replace(asked.cell, expected=REFUSED)) for asked in self.of]
        let = [asked for asked in better if asked.seen.status in asked.cell.ask.through]
        expected = f"401 or 403 to {len(self.of)} requests below mirrors"
        if dark and not let:
            return unknown(expected=expected, observed=listed(dark), remedy=dark[0].seen.remedy)
        return judged(
            not let,
            expected=expected,
            observed=listed(let) if let else seen(self.of),
            likely=self.sentence.likely,
            remedy=self.sentence.remedy,
        )


def judge(sentences: Sequence[Sentence], matrix: Sequence[Asked]) -> Iterator[SentenceHolds]:
    """Each sentence that has cells, and of one cause only the sentence that is about it."""
    told = list(_told(matrix))
    for sentence in sentences:
        of = tuple(asked for asked in told if sentence.holds(asked.cell))
        if of:
            yield SentenceHolds(
                sentence=sentence, of=of, twins=tuple(asked for asked in told if sentence.is_twin(asked.cell))
            )


def _told(matrix: Sequence[Asked]) -> Iterator[Asked]:
    """Where a key is taken for nobody's, its rights stay unknown; and where there is no key API, who may use it."""
    untaken = {
        (asked.cell.principal.id, asked.cell.address)
        for asked in matrix
        if asked.cell.principal.signed_in and not asked.cell.ask.right and asked.seen.status in {NOT_SIGNED_IN, BROKEN}
    }
    absent = [asked.cell for asked in matrix if asked.cell.ask.id == "keys" and asked.seen.status == NOT_THERE]
    without_keys = {cell.address for cell in absent if cell.principal.id == NOBODY}
    for asked in matrix:
        cell = asked.cell
        if cell.ask.right and (cell.principal.id, cell.address) in untaken:
            yield asked.without("its key is not taken at all", "see the sentence about that key")
        elif cell in absent and cell.principal.id not in ANYBODY and cell.address in without_keys:
            yield asked.without("there is no key API", f"see the sentence `{KEY_API}`")
        else:
            yield asked


def listed(asked: Sequence[Asked]) -> str:
    """The first few, each with what was seen; equal words once."""
    words = list(dict.fromkeys(_words(each) for each in asked))
    more = f"; and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return "; ".join(words[:SHOWN]) + more


def _words(asked: Asked) -> str:
    if asked.seen.status is None:
        return asked.seen.said
    if asked.seen.said:
        return f"{asked.seen.said}: {asked.cell}"
    return f"{asked.seen.status}, not {statuses(asked.cell.expected)}: {asked.cell}"


def seen(asked: Sequence[Asked]) -> str:
    """How often each status was seen: `401 to 12, 200 to 1`."""
    counts = Counter(each.seen.status for each in asked)
    return ", ".join(f"{status or 'no answer'} to {number}" for status, number in counts.most_common())


def counted(cells: Iterator[Cell]) -> str:
    """How often each is expected."""
    counts = Counter(statuses(cell.expected) for cell in cells)
    return ", ".join(f"{words} to {number}" for words, number in counts.most_common())


def statuses(expected: frozenset[int]) -> str:
    """`401`, or `401 or 500`."""
    return " or ".join(str(status) for status in sorted(expected))

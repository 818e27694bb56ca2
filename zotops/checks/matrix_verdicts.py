"""What the answers of the access matrix say about each sentence; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zotops.access_matrix import NOT_SIGNED_IN, Cell
from zotops.access_sentences import Sentence
from zotops.checks.matrix_answers import Asked
from zotops.model import Check, Evidence, Facts, Look, Verdict, World, judged, unknown

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
        if dark and not red and not loose:
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
        let = [asked for asked in self.of if asked.seen.status in asked.cell.ask.through]
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
    """Each sentence that has cells. Where a key is not taken at all, nothing else is said about its rights."""
    untaken = {
        asked.cell.principal.id
        for asked in matrix
        if asked.cell.principal.signed_in and asked.cell.ask.id == "ping" and asked.seen.status == NOT_SIGNED_IN
    }
    for sentence in sentences:
        of = [asked for asked in matrix if sentence.holds(asked.cell)]
        if sentence.rights and sentence.principals <= untaken:
            of = [asked.without("its key is not taken at all") for asked in of]
        if of:
            twins = tuple(asked for asked in matrix if sentence.is_twin(asked.cell))
            yield SentenceHolds(sentence=sentence, of=tuple(of), twins=twins)


def listed(asked: Sequence[Asked]) -> str:
    """The first few, each with what was seen; equal words once."""
    words = list(dict.fromkeys(_words(each) for each in asked))
    more = f"; and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return "; ".join(words[:SHOWN]) + more


def _words(asked: Asked) -> str:
    if asked.seen.status is None:
        return asked.seen.said
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

"""What `verify` found, as lines of 80 columns: failures first, then the matrix at a glance; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from zotops.access_matrix import FORGED, STRANGER
from zotops.checks.matrix_answers import Asked
from zotops.checks.standing import NOT_CHECKED
from zotops.model import Verdict
from zotops.verification import Result, Verified, in_order

WIDTH = 80
LABELS = 12
FIRST_COLUMN = 30
MOST_COLUMNS = 7
MARKS = {Verdict.PASSED: ("✓", "ok"), Verdict.FAILED: ("✗", "RED"), Verdict.UNKNOWN: ("?", "?")}
STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.UNKNOWN: "yellow"}
HEADS = {
    "nobody": "nobody",
    "empty": "empty",
    "stranger": "made-up",
    "forged": "forged",
    "ci": "CI",
    "dead": "over",
    "guest": "guest",
    "admin": "admin",
}
WORSE = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.PASSED)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line; the style is never all that tells."""

    text: str
    style: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How it is shown. `symbols`: the terminal has them; `quiet`: only what is not as it should be."""

    redact: Callable[[str], str] = str
    symbols: bool = True
    quiet: bool = False


def table(found: Verified, look: Look, *, registry: str) -> Iterator[Line]:
    """Everything about one registry; redacted first and laid out after."""
    profile, symbols, quiet = found.profile, look.symbols, look.quiet
    results = [_redacted(one, look.redact) for one in found.results]
    bad = [
        one for one in in_order(results) if one.evidence.verdict is not Verdict.PASSED and not (quiet and one.untold)
    ]
    if not quiet or bad:
        mark = "     PRACTICE" if profile.practice else ""
        yield Line(text=f"{registry}     profile {profile.name}{mark}", style="bold")
    for one in bad:
        yield from _result(one, symbols=symbols)
    if quiet:
        return
    if found.matrix:
        yield Line(text="")
        yield from matrix_lines(found.matrix, symbols=symbols)
    yield Line(text="")
    for one in results:
        if one.evidence.verdict is Verdict.PASSED:
            yield from _result(one, symbols=symbols)
    yield from _end(found)


def _redacted(one: Result, redact: Callable[[str], str]) -> Result:
    told = one.evidence
    clean = replace(
        told,
        expected=redact(told.expected),
        observed=redact(told.observed),
        twin=redact(told.twin),
        likely=redact(told.likely),
        remedy=redact(told.remedy),
    )
    return replace(one, evidence=clean)


def _result(one: Result, *, symbols: bool) -> Iterator[Line]:
    evidence = one.evidence
    mark = "finding" if one.finding else MARKS[evidence.verdict][0 if symbols else 1]
    style = "yellow" if one.finding else STYLES[evidence.verdict]
    if evidence.verdict is Verdict.PASSED:
        short = f"  {mark} {one.check!s:<51} "
        room = WIDTH - len(short)
        seen = evidence.observed if len(evidence.observed) <= room else f"{evidence.observed[: room - 1]}…"
        yield Line(text=(short + (seen if symbols else seen.replace("…", "."))).rstrip(), style=style)
        return
    yield from _wrapped(f"  {mark} ", str(one.check), style)
    for label, text in (
        ("name", one.name),
        ("expected", evidence.expected),
        ("observed", evidence.observed),
        ("twin", evidence.twin),
        ("likely", evidence.likely),
        ("remedy", evidence.remedy),
    ):
        if text:
            yield from _wrapped(f"      {label:<10}", text)


def _wrapped(head: str, text: str, style: str = "") -> Iterator[Line]:
    for number, part in enumerate(wrap(text, WIDTH - len(head)) or [""]):
        yield Line(text=f"{head if number == 0 else ' ' * len(head)}{part}".rstrip(), style=style)


def matrix_lines(matrix: Sequence[Asked], *, symbols: bool) -> Iterator[Line]:
    """One row per request and place, one column per principal; the addresses of a row are seen together."""
    columns = _columns(matrix)
    width = max(6, min(9, (WIDTH - FIRST_COLUMN) // len(columns)))
    heads = "".join(f"{HEADS[each]:<{width}}" for each in columns)
    yield Line(text=f"{'':<{FIRST_COLUMN}}{heads.rstrip()}", style="bold")
    places = dict.fromkeys(asked.cell.place for asked in matrix)
    for place in places:
        if place.repository:
            name = "a name that does not exist" if place.kind == "missing" else place.repository
            yield Line(text=f"  {name}")
        here = [asked for asked in matrix if asked.cell.place == place]
        for ask in dict.fromkeys(asked.cell.ask for asked in here):
            row = [asked for asked in here if asked.cell.ask == ask]
            cells = [
                _cell([one for one in row if one.cell.principal.id in those], symbols=symbols)
                for those in columns.values()
            ]
            label = ask.says if not place.repository else ask.says.rsplit(" ", 1)[0]
            text = f"    {label:<{FIRST_COLUMN - 4}}" + "".join(f"{cell:<{width}}" for cell in cells)
            yield Line(text=text.rstrip(), style=_style(row))


def _columns(matrix: Sequence[Asked]) -> dict[str, set[str]]:
    """Who stands in which column; where there are too many, the two made-up ones share theirs."""
    columns = {asked.cell.principal.id: {asked.cell.principal.id} for asked in matrix}
    if len(columns) > MOST_COLUMNS and FORGED in columns and STRANGER in columns:
        columns[FORGED] |= columns.pop(STRANGER)
    return columns


def _cell(asked: Sequence[Asked], *, symbols: bool) -> str:
    if not asked:
        return ""
    worst = min(asked, key=lambda one: WORSE.index(one.verdict))
    marks = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.UNKNOWN: "?"} if symbols else _PLAIN
    status = worst.seen.status or ""
    return (
        f"{marks[worst.verdict]}{status}"
        if len({one.seen.status for one in asked}) == 1
        else f"{marks[worst.verdict]}{status}*"
    )


_PLAIN = {Verdict.PASSED: "+", Verdict.FAILED: "!", Verdict.UNKNOWN: "?"}


def _style(row: Sequence[Asked]) -> str:
    worst = min((one.verdict for one in row), key=WORSE.index)
    return "" if worst is Verdict.PASSED else STYLES[worst]


def _end(found: Verified) -> Iterator[Line]:
    yield Line(text="")
    yield from _wrapped("  ", summary(found), "bold")
    for text in found.left:
        yield from _wrapped(f"  {'left':<{LABELS}}", text)
    for number, text in enumerate((*NOT_CHECKED, *found.left_out)):
        yield from _wrapped(f"  {'not checked' if number == 0 else '':<{LABELS}}", text)


def summary(found: Verified) -> str:
    """One line about one registry."""
    counts = {
        "failed": len(found.of(Verdict.FAILED)),
        "unknown": len(found.of(Verdict.UNKNOWN)),
        "passed": len(found.of(Verdict.PASSED)),
    }
    words = ", ".join(f"{number} {word}" for word, number in counts.items())
    findings, untold = len(found.findings), len(found.untold)
    words += f", {findings} finding{'s' * (findings > 1)}" if findings else ""
    words += f"; {untold} weakness{'es' * (untold > 1)} not told" if untold else ""
    asked = f"{len(found.matrix)} questions asked, " if found.matrix else ""
    stays = "something stays" if found.left else "nothing left behind"
    return f"{found.profile.name}: {words}. {asked}{found.took:.1f} s, {stays}."

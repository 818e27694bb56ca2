"""Opens an issue at the forge for each threshold that is passed: one a threshold and key, not one a look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zotops.errors import Stop
from zotops.profile import Profile
from zotops.systems.forge_issues import ForgeIssues, Issue
from zotops.watched_key.status import KeyStatus, Level, Point
from zotops.world import World

PASSED = frozenset({Level.WARNING, Level.CRITICAL})


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of one threshold: the issue's address, and whether it was opened now; or why it was not."""

    point: str
    level: Level
    address: str = ""
    opened: bool = False
    trouble: str = ""


def tell_the_forge(world: World, status: KeyStatus, redact: Callable[[str], str]) -> tuple[Told, ...]:
    """Open what is missing. Nothing is asked of the forge while no threshold is passed."""
    passed = [point for point in status.points if point.level in PASSED]
    if not passed:
        return ()
    forge = ForgeIssues(world=world, profile=status.profile)
    try:
        user, known = forge.user(), forge.issues()
    except Stop as stop:
        return tuple(Told(point=point.name, level=point.level, trouble=str(stop)) for point in passed)
    found = []
    for point in passed:
        mark = mark_of(status, point)
        # Without a key's id nothing else tells today's trouble from last year's: a closed issue then counts as solved.
        there = [issue for issue in known if _is_ours(issue, user, mark) and (issue.is_open or status.key_id)]
        if there:
            found.append(Told(point=point.name, level=point.level, address=there[0].address))
            continue
        try:
            address = forge.open_issue(redact(title(status, point)), redact(body(status, point)))
            found.append(Told(point=point.name, level=point.level, address=address, opened=True))
        except Stop as stop:
            found.append(Told(point=point.name, level=point.level, trouble=str(stop)))
    return tuple(found)


def _is_ours(issue: Issue, user: str, mark: str) -> bool:
    """Further down the mark may be quoted: by a person, or by whoever chose a key's label. `user` "": nobody knows."""
    return (not user or issue.author == user) and issue.body.partition("\n")[0].rstrip("\r") == mark


def mark_of(status: KeyStatus, point: Point) -> str:
    """What an issue is recognised by, its first line; a reader does not see it."""
    key = status.key_id[-12:] or "-"
    return f"<!-- zotops key-status {status.profile.name} {point.name} {point.level.value} {key} -->"


def title(status: KeyStatus, point: Point) -> str:
    """The threshold, not today's number: the issue stays while the number changes."""
    return f"{status.profile.name}, {point.level.value}: it does not hold that {point.says}"


def body(status: KeyStatus, point: Point) -> str:
    """What was seen, and what to do; without the registry's address, since a forge may be public."""
    text = "\n".join(_paragraphs(status.profile, status, point))
    return text.replace(status.profile.registry.url, "(the registry)")


def _paragraphs(profile: Profile, status: KeyStatus, point: Point) -> Iterator[str]:
    yield mark_of(status, point)
    yield f"`invoke key-status` for the profile `{profile.name}` found on {status.now:%Y-%m-%d %H:%M} UTC:"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    rows = {
        "has to hold": point.says,
        "level": point.level.value,
        "key": f'..{status.key_id[-4:]} "{status.label}"' if status.key_id else status.state.value,
        "observed": point.observed,
        "likely": point.likely,
        "remedy": point.remedy,
    }
    for name, text in rows.items():
        if text:
            yield f"| {name} | {_cell(text)} |"
    yield ""
    yield "No further issue is opened for this threshold and key. Close this one when it is dealt with."


def _cell(text: str) -> str:
    """On one line of a table, without any markup of HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")

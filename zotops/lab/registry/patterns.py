"""Repository patterns as zot reads them: `*`, `?`, `[…]`, `{…,…}` and `**` for any number of path parts."""

import re
from functools import lru_cache


class BadPattern(ValueError):
    """A pattern that cannot be read."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression for the whole name; BadPattern when it is malformed."""
    return re.compile("|".join(f"(?:{_expression(choice)})" for choice in _choices(pattern)))


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name fits the pattern; a malformed pattern fits nothing."""
    try:
        return compiled(pattern).fullmatch(name) is not None
    except (BadPattern, re.error):  # `[z-a]` is a pattern that fits nothing
        return False


def _choices(pattern: str) -> list[str]:
    """Every pattern that one with `{a,b}` stands for."""
    start = _find(pattern, "{", 0)
    if start < 0:
        if _find(pattern, "}", 0) >= 0:
            raise BadPattern(pattern)
        return [pattern]
    depth, pieces, at = 1, [""], start + 1
    while depth:
        if at >= len(pattern):
            raise BadPattern(pattern)
        letter = pattern[at]
        if letter == "\\" and at + 1 < len(pattern):
            letter, at = pattern[at : at + 2], at + 1
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 1:
            pieces.append("")
        elif depth:
            pieces[-1] += letter
        at += 1
    return [choice for piece in pieces for choice in _choices(pattern[:start] + piece + pattern[at:])]


def _find(pattern: str, wanted: str, at: int) -> int:
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
        elif pattern[at] == wanted:
            return at
        at += 1
    return -1


def _expression(pattern: str) -> str:
    parts = pattern.split("/")
    if parts == ["**"]:
        return ".*"
    expression = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            # `a/**` also fits `a` itself, `**/a` also fits `a`
            expression = expression.removesuffix("/") + "(?:/.*)?" if last else expression + "(?:.*/)?"
        else:
            expression += _part(part) + ("" if last else "/")
    return expression


def _part(part: str) -> str:
    expression, at = "", 0
    while at < len(part):
        letter = part[at]
        at += 1
        if letter == "*":
            expression += "[^/]*"
        elif letter == "?":
            expression += "[^/]"
        elif letter == "[":
            end = part.find("]", at + 1)
            if end < 0 or part[at:end] in {"^", "!"}:
                raise BadPattern(part)
            inside = part[at:end].replace("\\", "\\\\").replace("[", "\\[")
            expression += f"[^/{inside[1:]}]" if inside[:1] in {"^", "!"} else f"[{inside}]"
            at = end + 1
        elif letter == "\\":
            if at >= len(part):
                raise BadPattern(part)
            expression += re.escape(part[at])
            at += 1
        else:
            expression += re.escape(letter)
    return expression

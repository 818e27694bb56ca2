"""The reference pages, made from the code that they describe; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, get_args, get_origin

import msgspec

from zotops.errors import Stop
from zotops.profile import Part, Profile

_HOW_TO_CALL = (
    "`./inv COMMAND` from a clone, or `invoke COMMAND` where mise has put the environment on the PATH. One command a "
    "call; options only."
)
_WHAT_A_PROFILE_IS = (
    "A profile is a TOML file that says where everything is. `--profile` takes the name of a file in `profiles/` or a "
    "path; without it `ZOTOPS_PROFILE` counts, else the only profile. Nothing in it is secret: a secret is named by "
    "the item and the field that keep it, `item/field`. Everything that is wrong with a profile is said at once, with "
    "exit code 78, before anything starts."
)
_WHAT_FAULTS_ARE = (
    "Ways in which a hardened registry goes wrong. Each can be seen in the practice world, where the check named here "
    "has been seen red: `./inv rehearse --fault NAME`. Commands have the names of the practice world; to type them "
    "there, start it by `./inv lab --fault NAME`, which names a shell in it."
)
# What an operator reads beside each code; a code that is missing here is explained by its Stop's first line.
_EXIT_CODES = {
    1: ("A check is red, or an action failed and certainly changed nothing.", "The remedy stands beside it."),
    2: ("Options that do not fit together, or name something that is not there.", "`--help` lists them."),
    3: ("It waits for a person: a decision or an answer is missing, or you stopped.", "Call again at a terminal."),
    4: (
        "An action was begun and nobody can tell yet whether it happened.",
        "Find out as it says, then `--settled STEP=happened` or `did-not`.",
    ),
    5: (
        "A system gave no answer that can be judged, and nothing is red: unreachable, timed out, not understood.",
        "Look whether it is there; call again.",
    ),
    6: (
        "Another run works on this registry, is somebody else's, or left its marks from another machine.",
        "Wait, or talk to them; `--take-over REASON` never breaks a lock that is held.",
    ),
    7: (
        "The runbook or the profile changed since the run began; the difference is shown.",
        "`--accept-changes` goes on, `--new REASON` begins afresh.",
    ),
    78: ("The profile, or what it names, is wrong. Nothing was started.", "Every problem is listed with its remedy."),
    130: ("Interrupted by Ctrl-C.", "Call again; nothing is lost."),
}
_WHEN_CODES_COUNT = """\
Words that Invoke itself cannot parse exit 1, its own code. Where several hold, the first of 78, 7, 6, 4, 1, 5, 3 is
given.

A check counts only after its step's action, or in a step that only looks: what is red before a decision, or in a step
left by `q`, counts for nothing. `--dry-run` exits 0 when everything could be looked at, else 5; `--until STEP` ends
after STEP with 0.
"""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a command, as it is typed, and its help."""

    flag: str
    help: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its name, what it does, its options."""

    name: str
    help: str
    options: Sequence[Option]


@dataclass(frozen=True, kw_only=True)
class FaultEntry:
    """One way in which the practice world can break, as the fault page tells it."""

    name: str
    wrong: str
    noticed: str
    check: str
    remedy: str


def commands_page(commands: Sequence[Command]) -> str:
    """Every command with its options."""
    parts = [
        "# Commands",
        _HOW_TO_CALL,
    ]
    for command in commands:
        parts.append(f"## {command.name}\n\n{command.help}")
        if command.options:
            rows = [f"| `{option.flag}` | {_cell(option.help)} |" for option in command.options]
            parts.append("\n".join(["| option | meaning |", "| --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"


def exit_codes_page() -> str:
    """Every exit code, from the tree of stops."""
    rows = [f"| {code} | {_cell(means)} | {_cell(do)} |" for code, means, do in map(_exit_code, _kinds())]
    return "\n".join(
        [
            "# Exit codes",
            "",
            "| exit | meaning | what to do |",
            "| --- | --- | --- |",
            "| 0 | Done. Steps that were skipped count only if their checks pass all the same. | Nothing. |",
            *rows,
            "",
            _WHEN_CODES_COUNT,
        ]
    )


def profile_page(example: str) -> str:
    """Every key of a profile, and a whole example."""
    parts = [
        "# Profile",
        _WHAT_A_PROFILE_IS,
        *_tables(Profile, ""),
        f"## Example\n\n```toml\n{example.strip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def faults_page(faults: Sequence[FaultEntry]) -> str:
    """One section per fault; its name is the anchor."""
    return "\n\n".join(["# Faults", _WHAT_FAULTS_ARE, *map(_fault, faults)]) + "\n"


def _fault(fault: FaultEntry) -> str:
    return (
        f'<a id="{fault.name}"></a>\n## {fault.name}\n\n'
        f"**Symptom.** {fault.noticed}\n\n**Meaning.** {fault.wrong}\n\n**Caught by.** The check: {fault.check}\n\n"
        f"**Remedy.** {fault.remedy}\n\n**See it yourself.** `./inv rehearse --fault {fault.name}`"
    )


def _kinds() -> list[type[Stop]]:
    """One kind per exit code, in ascending order; the first defined speaks for its code."""
    found: dict[int, type[Stop]] = {}
    for kind in Stop.__subclasses__():
        if kind.__module__ == Stop.__module__:
            found.setdefault(kind.exit_code, kind)
    return [found[code] for code in sorted(found)]


def _exit_code(kind: type[Stop]) -> tuple[int, str, str]:
    means, do = _EXIT_CODES.get(kind.exit_code, (_first_line(kind), ""))
    return kind.exit_code, means, do


def _first_line(kind: type[Stop]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _tables(kind: type[Part], at: str, *, repeated: bool = False) -> Iterator[str]:
    fields = msgspec.structs.fields(kind)
    rows = [
        f"| `{field.name}` | {_kind_name(field.type)} | {_cell(_says(field))} | {_default(field)} |"
        for field in fields
        if _part_in(field.type) is None
    ]
    if rows:
        name = f"[[{at}]]" if repeated else f"[{at}]"
        head = f"## `{name}`\n\n{cleandoc(kind.__doc__ or '')}\n\n" if at else ""
        yield head + "\n".join(["| key | kind | meaning | default |", "| --- | --- | --- | --- |", *rows])
    for field in fields:
        if (inner := _part_in(field.type)) is not None:
            deeper = f"{at}.{field.name}" if at else field.name
            yield from _tables(inner, deeper, repeated=_kind_name(field.type) == "list")


def _part_in(kind: Any) -> type[Part] | None:
    bare = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind
    if get_origin(bare) is tuple:
        return _part_in(get_args(bare)[0])
    return bare if isinstance(bare, type) and issubclass(bare, Part) else None


def _kind_name(kind: Any) -> str:
    bare = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind
    if get_origin(bare) is tuple:
        return "list"
    if values := [value for value in get_args(bare) if isinstance(value, str)]:
        return " or ".join(f"`{value}`" for value in values)
    return {bool: "yes or no", str: "text", int: "number", float: "number"}.get(bare, "table")


def _says(field: Any) -> str:
    metas = [m for m in getattr(field.type, "__metadata__", ()) if isinstance(m, msgspec.Meta) and m.description]
    return metas[-1].description or "" if metas else ""


def _default(field: Any) -> str:
    if field.required:
        return "needed"
    default = field.default
    if default is msgspec.NODEFAULT or default in ("", None, ()):
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    return f"`{_cell(', '.join(default) if isinstance(default, tuple) else str(default))}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

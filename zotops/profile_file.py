"""Finds and reads profile files, and says everything that is wrong with one at once."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from zotops.errors import ConfigurationIsWrong
from zotops.profile import Part, Profile

FOLDER = Path(__file__).parent.parent / "profiles"


def find_profile(name: str | None) -> Path:
    """The file meant by `--profile` (a name below profiles/ or a path), else ZOTOPS_PROFILE, else the only profile."""
    name = name or os.environ.get("ZOTOPS_PROFILE")
    known = sorted(FOLDER.glob("*.toml"))
    if name:
        by_name = FOLDER / f"{name}.toml"
        return by_name if by_name in known else Path(name)
    if len(known) == 1:
        return known[0]
    names = ", ".join(path.stem for path in known) or "none"
    raise ConfigurationIsWrong(f"which profile? There are: {names}", remedy="give --profile NAME or a file")


def read_profile(path: Path) -> Profile:
    """The profile in this TOML file. ConfigurationIsWrong lists every problem with file, key and remedy."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationIsWrong(f"{path}: cannot be read ({error.strerror})", remedy="is that the file?") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationIsWrong(f"{path}: is not TOML: {error}", remedy="correct that place") from error
    found = list(_problems(Profile, raw, ""))
    if not found:
        found = list(_contradictions(profile := msgspec.convert(raw, Profile)))
    if found:
        raise ConfigurationIsWrong("\n".join(f"{path}: {problem}" for problem in found))
    return profile


def _problems(kind: Any, raw: Any, at: str) -> Iterator[str]:  # a type and a TOML value
    """Walk a value beside the type it should have; msgspec itself would stop at the first problem."""
    if isinstance(kind, type) and issubclass(kind, Part):
        if isinstance(raw, Mapping):
            yield from _problems_of_table(kind, raw, at)
        else:
            yield f"{at or 'the file'}: is {raw!r}, not a table: write it as [{at}]"
    elif get_origin(kind) is tuple and isinstance(raw, list):
        for number, item in enumerate(raw):
            yield from _problems(get_args(kind)[0], item, f"{at}[{number}]")
    else:
        try:
            msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            yield f"{at} = {raw!r}: {_plain(str(error))}"


def _problems_of_table(kind: type[Part], raw: Mapping[str, Any], at: str) -> Iterator[str]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name in raw.keys() - fields.keys():
        near = difflib.get_close_matches(name, fields, 1)
        remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(fields)}"
        yield f"{_join(at, name)}: unknown key: {remedy}"
    for name, field in fields.items():
        inner, example = described(field.type)
        if name in raw:
            deeper = _has_parts(_bare(inner))
            found = _problems(_bare(inner) if deeper else inner, raw[name], _join(at, name))
            yield from found if deeper else (_advised(problem, example) for problem in found)
        elif field.required:
            yield _advised(f"{_join(at, name)}: is missing", example)


def described(kind: Any) -> tuple[Any, str]:  # an annotated type
    """A field's type, and what its description says of it (with the example, where it has one)."""
    metas = [m for m in getattr(kind, "__metadata__", ()) if isinstance(m, msgspec.Meta) and m.description]
    if not metas:
        return kind, ""
    example = f", for example {metas[-1].examples[0]!r}" if metas[-1].examples else ""
    return kind, f"{metas[-1].description}{example}"


def _advised(problem: str, advice: str) -> str:
    return f"{problem}: {advice}" if advice and advice not in problem else problem


def _bare(kind: Any) -> Any:  # a type
    return getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind


def _has_parts(kind: Any) -> bool:  # a type
    inner = get_args(kind)[0] if get_origin(kind) is tuple and get_args(kind) else kind
    return isinstance(inner, type) and issubclass(inner, Part)


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _plain(message: str) -> str:
    """Our words for what msgspec says."""
    if "matching regex" in message:
        return "has not the right form"
    return message.replace("`", "").replace("str", "a text").replace("int", "a number").replace("Expected", "should be")


def _contradictions(profile: Profile) -> Iterator[str]:
    """What no single key shows."""
    for at, url in (("registry.url", profile.registry.url), ("identity_provider.url", profile.identity_provider.url)):
        if url.endswith("/"):
            yield f"{at} = {url!r}: ends in a slash: leave it away"
    if profile.ci.sign_in == "password" and not profile.ci.password:
        yield 'ci.password: is missing: sign_in = "password" needs a place to keep it, item/field'
    if profile.rotation.due_day >= profile.rotation.lifetime_days:
        yield f"rotation.due_day = {profile.rotation.due_day}: is not before the key's last day: make it smaller"
    outside = set(profile.tiers.ci.actions) - {"read", "create"}
    if outside:
        yield f"tiers.ci.actions: CI with {', '.join(sorted(outside))} can change images: give it read and create only"
    if not profile.forge.workflows:
        yield "forge.workflows: is empty: name at least one push path"

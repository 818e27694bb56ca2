"""Finds and reads profile files, and says everything that is wrong with one at once."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from zotops.errors import ConfigurationIsWrong, UsageIsWrong
from zotops.profile import NAMES_A_SECRET, Build, CiUser, Forge, Part, Profile, Rotation, Secrets, Tiers

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
    found = [*_problems(Profile, raw, ""), *_contradictions(raw)]
    if found:
        raise ConfigurationIsWrong("\n".join(f"{path}: {problem}" for problem in found))
    return msgspec.convert(raw, Profile)


def with_store(profile: Profile, store: str | None) -> Profile:
    """The same place, its secrets from another of the stores that the profile describes; None: from its own."""
    if not store:
        return profile
    try:
        secrets = msgspec.convert({**msgspec.to_builtins(profile.secrets), "store": store}, Secrets)
    except msgspec.ValidationError as error:
        raise UsageIsWrong(f"--store {store}", remedy="one of onepassword, keyring, environment") from error
    if found := list(_of_secrets(secrets)):
        raise ConfigurationIsWrong("\n".join(f"profile {profile.name}: {problem}" for problem in found))
    return msgspec.structs.replace(profile, secrets=secrets)


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
    elif _has_parts(kind):
        yield f"{at} = {raw!r}: is no list of tables: write each as [[{at}]]"
    else:
        try:
            msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            shown = "..." if _names_a_secret(kind) else repr(raw)  # somebody may have put the secret itself there
            yield f"{at} = {shown}: {_plain(str(error))}{_choices(kind)}"


def _problems_of_table(kind: type[Part], raw: Mapping[str, Any], at: str) -> Iterator[str]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name in (name for name in raw if name not in fields):
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
            yield _advised(f"{_join(at, name)}: is missing", example or _as_table(field.type, _join(at, name)))


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


def _as_table(kind: Any, at: str) -> str:  # a type
    bare = _bare(kind)
    return f"write [{at}]: {(bare.__doc__ or '').strip()}" if _has_parts(bare) else ""


def _names_a_secret(kind: Any) -> bool:  # a type
    metas = getattr(kind, "__metadata__", ())
    return any(getattr(meta, "extra", None) == NAMES_A_SECRET for meta in metas) or any(
        _names_a_secret(inner) for inner in get_args(_bare(kind))
    )


def _choices(kind: Any) -> str:  # a type
    inner = get_args(_bare(kind))[:1] if get_origin(_bare(kind)) is tuple else (_bare(kind),)
    values = [value for value in get_args(*inner) if isinstance(value, str)] if inner else []
    return f", only {' and '.join(values)}" if values else ""


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


_WORDS = {"str": "a text", "int": "a number", "float": "a number", "bool": "true or false", "array": "a list"}
_WORDS |= {"object": "a table"}


def _plain(message: str) -> str:
    """Our words for what msgspec says."""
    if "matching regex" in message:
        return "has not the right form"
    told, _, inside = message.partition(" - at `$")
    told = re.sub(r"`(\w+)( [^`]*)?`", lambda kind: _WORDS.get(kind[1], kind[1]) + (kind[2] or ""), told)
    where = f" ({inside.rstrip('`')})" if re.fullmatch(r"\[\d+\]`", inside) else ""
    return told.replace("Expected", "should be").replace("Invalid enum value", "knows no") + where


def _contradictions(raw: Mapping[str, Any]) -> Iterator[str]:
    """What no single key shows, in every table that is right by itself."""
    for name, kind, contradictions_of in _JUDGED_WHOLE:
        with suppress(msgspec.ValidationError):
            yield from contradictions_of(msgspec.convert(raw.get(name, {}), kind))


def _of_ci(ci: CiUser) -> Iterator[str]:
    if ci.sign_in == "password" and not ci.password:
        yield 'ci.password: is missing: sign_in = "password" needs a place to keep it, item/field'


def _of_rotation(rotation: Rotation) -> Iterator[str]:
    if rotation.due_day >= rotation.lifetime_days:
        yield f"rotation.due_day = {rotation.due_day}: is not before the key's last day: make it smaller"
    elif rotation.warning_days > (rest := rotation.lifetime_days - rotation.due_day):
        yield (
            f"rotation.warning_days = {rotation.warning_days}: would warn before the rotation is due, {rest} days "
            "before the key's end: make it smaller, or due_day"
        )
    if rotation.critical_days >= rotation.warning_days:
        yield f"rotation.critical_days = {rotation.critical_days}: is not below warning_days: make it smaller"


def _of_secrets(secrets: Secrets) -> Iterator[str]:
    """A value that is handed over in no way, or twice; and a store that lacks the key itself."""
    refs = [one.ref for one in secrets.environment]
    for number, one in enumerate(secrets.environment):
        if not one.file and not one.variable:
            yield f"secrets.environment[{number}]: {one.ref} needs a file or a variable"
    for ref in sorted({ref for ref in refs if refs.count(ref) > 1}):
        yield f"secrets.environment: {ref} is handed over twice: keep one"
    key = f"{secrets.shared_item}/{secrets.key_field}"
    if secrets.store == "environment" and key not in refs:
        yield f'secrets.environment: CI\'s key, {key}, is missing: store = "environment" needs its file or variable'


def _of_tiers(tiers: Tiers) -> Iterator[str]:
    outside = set(tiers.ci.actions) - {"read", "create"}
    if outside:
        yield f"tiers.ci.actions: CI with {', '.join(sorted(outside))} can change images: give it read and create only"


def _of_forge(forge: Forge) -> Iterator[str]:
    if not forge.workflows:
        yield "forge.workflows: is empty: name at least one push path"


def _of_build(build: Build) -> Iterator[str]:
    at = f"build.version_pattern = {build.version_pattern!r}"
    try:
        groups = re.compile(build.version_pattern).groups
    except re.error as error:
        yield f"{at}: is no regular expression ({error}): correct it"
    else:
        if groups != 1:
            yield f"{at}: has {groups} groups: put the version, and nothing else, in one pair of parentheses"


_JUDGED_WHOLE: tuple[tuple[str, type[Part], Callable[[Any], Iterator[str]]], ...] = (
    ("tiers", Tiers, _of_tiers),
    ("ci", CiUser, _of_ci),
    ("forge", Forge, _of_forge),
    ("build", Build, _of_build),
    ("rotation", Rotation, _of_rotation),
    ("secrets", Secrets, _of_secrets),
)

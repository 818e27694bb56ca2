"""Reading a blueprint's YAML: its tags become values only when the objects that they name are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BlueprintError(ValueError):
    """A blueprint that Authentik would refuse; the text says which entry and why."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What tags can name: objects found by model and field, entries of the same file, the worker's environment."""

    find: Callable[[str, str, Any], str | None]
    environment: Mapping[str, str]
    context: Mapping[str, Any]
    ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tag:
    """One tagged value as written."""

    name: str
    value: Any


class _BlueprintLoader(Loader):  # type: ignore[misc,valid-type]  # the C loader has no type that mypy could see
    """Safe YAML plus tags that are kept."""


def _keep(loader: Any, suffix: str, node: Any) -> Tag:
    if isinstance(node, yaml.ScalarNode):
        return Tag(suffix, loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return Tag(suffix, loader.construct_sequence(node, deep=True))
    return Tag(suffix, loader.construct_mapping(node, deep=True))


_BlueprintLoader.add_multi_constructor("!", _keep)


def parse(text: str) -> dict[str, Any]:
    """The blueprint as plain data with tags in it; BlueprintError when it is not one."""
    try:
        found = _BlueprintLoader(text).get_single_data()
    except yaml.YAMLError as error:
        raise BlueprintError(f"not YAML: {error}") from error
    if not isinstance(found, dict) or found.get("version") != 1 or not isinstance(found.get("entries"), list):
        raise BlueprintError("a blueprint has `version: 1` and a list of `entries`")
    return found


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every tag in it replaced by what it means."""
    if isinstance(value, Tag):
        if value.name not in _MEANINGS:
            raise BlueprintError(f"the practice world does not know the tag !{value.name}")
        return _MEANINGS[value.name](value.value, scope)
    if isinstance(value, dict):
        return {key: resolve(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    return value


def _find(value: Any, scope: Scope) -> str | None:
    model, *conditions = value
    found: str | None = None
    for name, wanted in conditions:
        found = scope.find(str(model), str(name), resolve(wanted, scope))
        if found is None:
            return None
    return found


def _key_of(value: Any, scope: Scope) -> str:
    if value not in scope.ids:
        raise BlueprintError(f"!KeyOf {value}: no entry above has that id")
    return scope.ids[value]


def _with_default(source: Mapping[str, Any], value: Any, scope: Scope) -> Any:
    name, default = value if isinstance(value, list) else (value, None)
    return source.get(str(name), resolve(default, scope))


def _format(value: Any, scope: Scope) -> str:
    template, *arguments = resolve(value, scope)
    return str(template) % tuple(arguments)


def _if(value: Any, scope: Scope) -> Any:
    condition, *branches = value if isinstance(value, list) else [value]
    yes, no = branches or (True, False)
    return resolve(yes if resolve(condition, scope) else no, scope)


def _condition(value: Any, scope: Scope) -> bool:
    mode, *rest = value
    truths = [bool(resolve(item, scope)) for item in rest]
    plain = {"AND": all(truths), "OR": any(truths), "XOR": sum(truths) % 2 == 1}
    return (
        not plain[mode[1:]] if mode in ("NAND", "NOR") else plain["XOR" if mode == "XNOR" else mode] != (mode == "XNOR")
    )


_MEANINGS: dict[str, Callable[[Any, Scope], Any]] = {
    "Find": _find,
    "KeyOf": _key_of,
    "Env": lambda value, scope: _with_default(scope.environment, value, scope),
    "Context": lambda value, scope: _with_default(scope.context, value, scope),
    "Format": _format,
    "If": _if,
    "Condition": _condition,
}

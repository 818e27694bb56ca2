"""Makes values of the kinds that a schema names, as loosely as zot's libraries do."""

from collections.abc import Callable, Mapping
from typing import Any

from zotops.lab.registry.schema import Kind
from zotops.lab.registry.spans import parse_span

TRUE = {"1", "t", "T", "TRUE", "true", "True"}
FALSE = {"", "0", "f", "F", "FALSE", "false", "False"}


def as_viper_reads(value: Any) -> Any:
    """The value with all keys in lower case, and without empty objects and nulls: zot's library drops them, so that a
    pattern with empty rules does not exist.
    """
    if isinstance(value, dict):
        read = {str(key).lower(): as_viper_reads(item) for key, item in value.items()}
        return {key: item for key, item in read.items() if item is not None and item != {}}
    return [as_viper_reads(item) for item in value] if isinstance(value, list) else value


def conformed(value: Any, kind: Kind, *, at: str, wrong: list[str]) -> Any:
    """The value as this kind; whatever does not fit is added to `wrong`. Loose, as zot is: "5" is a number."""
    if value is None:
        return None
    if isinstance(kind, str):
        try:
            return SCALARS[kind](value)
        except (TypeError, ValueError) as error:
            wrong.append(f"'{at}' {error}")
            return None
    if isinstance(kind, list):
        items = value if isinstance(value, list) else [value]
        return [conformed(item, kind[0], at=f"{at}[{n}]", wrong=wrong) for n, item in enumerate(items)]
    if not isinstance(value, dict):
        wrong.append(f"'{at}' expected a map or struct, got \"{type(value).__name__}\"")
        return None
    if unknown := sorted(set(value) - set(kind)) if "*" not in kind else []:
        wrong.append(f"'{at}' has invalid keys: {', '.join(unknown)}")
    return {
        key: conformed(item, kind.get(key, kind.get("*", "any")), at=f"{at}.{key}".strip("."), wrong=wrong)
        for key, item in value.items()
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"expected type 'string', got unconvertible type '{type(value).__name__}'")


def _flag(value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return bool(value)
    if isinstance(value, str) and value in TRUE | FALSE:
        return value in TRUE
    raise ValueError(f"cannot parse value as 'bool': {value!r}")


def _number(value: Any) -> int:
    if isinstance(value, str | int | float):
        return int(value or 0)
    raise TypeError(f"expected type 'int', got unconvertible type '{type(value).__name__}'")


SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "flag": _flag,
    "number": _number,
    "span": parse_span,
    "any": lambda value: value,
}

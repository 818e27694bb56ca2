"""Holding answers of the API to Forgejo's published description, which is read in place."""

import functools
import json
import re
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft4Validator, FormatChecker

FILE = Path(__file__).parents[3] / "shared" / "data" / "openapi" / "forgejo.json"
# Sent with some refusals only.
NOT_ALWAYS = ("errors",)
# What every call that changes something answers for an archived repository, described or not.
ARCHIVED = {"423": {"schema": {"$ref": "#/definitions/APIError"}}}


def must_match(answer: httpx.Response) -> bool:
    """Whether the call is described; when it is, the status is listed there and the body has its shape."""
    request = answer.request
    return must_be_as_described(request.method, request.url.path, answer.status_code, answer.text)


def must_be_as_described(method: str, path: str, status: int, text: str) -> bool:
    """The same for an answer that was kept."""
    described = path.removeprefix("/api/v1")
    calls = next((calls for pattern, calls in _paths() if re.fullmatch(pattern, described)), {})
    if method.lower() not in calls:
        return False
    told = {**ARCHIVED, **calls[method.lower()]["responses"]}
    assert str(status) in told, f"{status} is not described for {method} {path}"
    shape = told[str(status)]
    if "$ref" in shape:
        shape = _description()["responses"][shape["$ref"].rpartition("/")[2]]
    if "schema" not in shape:
        assert not text
        return True
    whole = {**shape["schema"], "definitions": _definitions()}
    Draft4Validator(whole, format_checker=FormatChecker()).validate(json.loads(text))
    return True


@functools.cache
def _description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


@functools.cache
def _paths() -> list[tuple[str, dict[str, Any]]]:
    return [(re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(path)), calls) for path, calls in _description()["paths"].items()]


@functools.cache
def _definitions() -> dict[str, Any]:
    """
    The definitions with every field required and unknown ones refused.

    The description requires none, but the server writes all fields of a row, empty or not: a dropped one has to be
    noticed, and a misspelt one must not pass as one more.
    """
    return {
        name: {
            **shape,
            "additionalProperties": False,
            "required": [field for field in shape["properties"] if field not in NOT_ALWAYS],
        }
        if "properties" in shape
        else shape
        for name, shape in _description()["definitions"].items()
    }

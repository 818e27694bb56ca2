"""Holding answers of the API to Authentik's published description, which is read in place."""

import functools
import json
import re
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft4Validator

FILE = Path(__file__).parents[3] / "shared" / "data" / "openapi" / "authentik.json"
# The server sends null for what a binding does not bind, though its description says otherwise.
NULL_ALL_THE_SAME = ("policy_obj", "group_obj", "user_obj")
# Lists that the description leaves out, though it has the shape of their rows.
LISTS = {"/core/tokens/": "Token"}
OUTSIDE_THE_API = ("/application/", "/-/", "/recovery/")


def must_match(answer: httpx.Response) -> bool:
    """Whether the call is described; when it is, the status is listed there and the body has its shape."""
    request = answer.request
    return must_be_as_described(request.method, request.url.path, answer.status_code, answer.text)


def must_be_as_described(method: str, path: str, status: int, text: str) -> bool:
    """The same for an answer that was kept."""
    described = path if path.startswith(OUTSIDE_THE_API) else path.removeprefix("/api/v3")
    found = next((shape for pattern, shape in _paths() if re.fullmatch(pattern, described)), None)
    if found is None:
        return False
    told = found[method.lower()]["responses"]
    if status == 404 and text.startswith('{"detail":'):
        return True  # what is not there or may not be seen is 404 everywhere, described or not
    assert str(status) in told, f"{status} is not described for {path}"
    content = told[str(status)].get("content")
    if content and status < 300:
        schema = {**_closed(content["application/json"]["schema"]), "components": _components()}
        Draft4Validator(schema).validate(json.loads(text))
    return True


@functools.cache
def _description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


@functools.cache
def _paths() -> list[tuple[str, dict[str, Any]]]:
    """Paths without parameters first: users/me is no user called me."""
    described = {**_description()["paths"]}
    for path, row in LISTS.items():
        described[path] = {"get": {"responses": _list_of(row)}, **described[path]}
    plain_first = sorted(described.items(), key=lambda row: "{" in row[0])
    return [(re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(path)), shape) for path, shape in plain_first]


def _list_of(row: str) -> dict[str, Any]:
    """The answers of a list as all lists have them: a page of rows of this shape."""
    kinds = {"pagination": "Pagination", "autocomplete": "Autocomplete"}
    fields: dict[str, Any] = {name: {"$ref": f"#/components/schemas/{kind}"} for name, kind in kinds.items()}
    fields["results"] = {"type": "array", "items": {"$ref": f"#/components/schemas/{row}"}}
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    return {"200": {"content": {"application/json": {"schema": schema}}}, "400": {}, "403": {}}


@functools.cache
def _components() -> dict[str, Any]:
    found: dict[str, Any] = _closed(_description()["components"])
    return found


def _closed(schema: Any) -> Any:
    """The schema with `nullable` spelled out and unknown fields refused, so that no misspelt name can pass."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shape = {name: _closed(value) for name, value in schema.items()}
    if "discriminator" in schema:
        field, kinds = schema["discriminator"]["propertyName"], schema["discriminator"]["mapping"]
        return {"anyOf": [_named(field, name, reference) for name, reference in kinds.items()]}
    if isinstance(schema.get("properties"), dict):
        shape["properties"] = {name: _field(name, value) for name, value in schema["properties"].items()}
        shape.setdefault("additionalProperties", False)
    return shape


def _named(field: str, name: str, reference: str) -> dict[str, Any]:
    """The shape for objects of this name: without it a challenge would fit the shapes of several."""
    named = {"properties": {field: {"enum": [name]}}, "required": [field]}
    return {"allOf": [named, {"$ref": reference}]}


def _field(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = _closed(schema)
    may_be_null = schema.get("nullable") or name in NULL_ALL_THE_SAME
    return {"anyOf": [shape, {"type": "null"}]} if may_be_null else shape

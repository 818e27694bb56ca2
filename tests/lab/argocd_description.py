"""Holding what `argocd … -o json` prints to the published description of the API, which is read in place."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

FILE = Path(__file__).parents[3] / "shared" / "data" / "openapi" / "argocd.json"
APPLICATION, USER, CAN_I, VERSION = (
    "v1alpha1Application",
    "sessionGetUserInfoResponse",
    "accountCanIResponse",
    "versionVersionMessage",
)
# The description requires nothing, since empty fields are left out. In an application that was synced none of these is
# empty, and together they are the proof that it is in force; so a dropped one has to be noticed.
ALWAYS = {
    APPLICATION: ("metadata", "spec", "status"),
    "v1ObjectMeta": ("name", "namespace"),
    "v1alpha1ApplicationSpec": ("project", "source", "destination"),
    "v1alpha1ApplicationSource": ("repoURL", "path", "targetRevision"),
    "v1alpha1ApplicationStatus": ("sync", "health", "operationState", "reconciledAt"),
    "v1alpha1SyncStatus": ("status", "revision"),
    "v1alpha1AppHealthStatus": ("status",),
    "v1alpha1OperationState": ("operation", "phase", "startedAt", "finishedAt", "syncResult"),
    "v1alpha1SyncOperationResult": ("revision", "source"),
    CAN_I: ("value",),
    VERSION: ("Version",),
}
PRINTED = {
    **dict.fromkeys((("app", "get"), ("app", "sync"), ("app", "wait")), APPLICATION),
    **dict.fromkeys((("account", "get-user-info"), ("account", "whoami")), USER),
}
CONFIGMAP = {"required": ["apiVersion", "kind", "metadata", "data"], "properties": {"kind": {"enum": ["ConfigMap"]}}}
# Signed out it says nothing at all.
WHO = {"anyOf": [{"required": ["loggedIn", "username", "iss"]}, {"maxProperties": 0}]}


def must_match(argv: Sequence[str], code: int, out: str) -> bool:
    """Whether the call has a described answer; when it has and went well, what it printed has that shape."""
    call = tuple(argv[:2])
    if code != 0:
        return False
    if call == ("account", "can-i"):
        return _judged(CAN_I, {"value": out.strip()})
    if "json" not in argv or not out:
        return False
    found = json.loads(out)
    if call == ("app", "get-resource"):  # the text that the API has as `manifest`
        return _judged(None, found)
    if argv[0] == "version":
        return all(_judged(VERSION, each) for each in found.values())
    return call in PRINTED and _judged(PRINTED[call], found)


def _judged(definition: str | None, found: Any) -> bool:
    schema = {"$ref": f"#/definitions/{definition}", "definitions": _definitions()} if definition else CONFIGMAP
    Draft4Validator(schema, format_checker=FormatChecker()).validate(found)
    return True


@functools.cache
def _definitions() -> dict[str, Any]:
    """The definitions with unknown fields refused, so that no misspelt name can pass, and with what is always there."""
    return {
        name: {
            **shape,
            **({"additionalProperties": False} if "properties" in shape else {}),
            **({"required": list(ALWAYS[name])} if name in ALWAYS else {}),
            **(WHO if name == USER else {}),
        }
        for name, shape in json.loads(FILE.read_text())["definitions"].items()
    }

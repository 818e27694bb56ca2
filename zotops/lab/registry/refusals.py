"""Error bodies of the distribution specification, with zot's codes and messages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from zotops.lab.registry.exchange import Reply, document

SENTENCES = {
    "BLOB_UNKNOWN": ("blob unknown to registry", "This repository has no blob with that digest."),
    "BLOB_UPLOAD_INVALID": ("blob upload invalid", "The upload met an error and cannot go on."),
    "BLOB_UPLOAD_UNKNOWN": ("blob upload unknown to registry", "The upload was cancelled or never started."),
    "DENIED": ("requested access to the resource is denied", "The caller may not do this to the resource."),
    "DIGEST_INVALID": ("provided digest did not match uploaded content", "The digest is malformed or another one."),
    "MANIFEST_INVALID": ("manifest invalid", "The manifest did not pass the checks made when it is uploaded."),
    "MANIFEST_UNKNOWN": ("manifest unknown", "This repository has no manifest with that name."),
    "NAME_UNKNOWN": ("repository name not known to registry", "The registry has no repository with that name."),
    "UNAUTHORIZED": ("authentication required", "The caller could not be authenticated."),
}


class Refused(Exception):
    """A handler stops here with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status}")
        self.reply = reply


def refusal(code: str, **detail: str) -> dict[str, Any]:
    """One error object: code, message, detail."""
    message, description = SENTENCES[code]
    return {"code": code, "message": message, "detail": {"description": description, **detail}}


def refused(status: int, code: str, **detail: str) -> Reply:
    """A reply with one error in the specification's list."""
    return document(status, {"errors": [refusal(code, **detail)]})


def challenge(headers: Mapping[str, list[str]], realm: str) -> tuple[tuple[str, str], ...]:
    """The header that asks for credentials; a request of the web page gets none."""
    if "zot-ui" in headers.get("x-zot-api-client", [""])[:1]:
        return ()
    return (("WWW-Authenticate", f'Basic realm="{realm or "Authorization Required"}"'),)


def unauthenticated(headers: Mapping[str, list[str]], realm: str) -> Reply:
    """Failed authentication: the error object stands bare, without the list."""
    return document(HTTPStatus.UNAUTHORIZED, refusal("UNAUTHORIZED"), *challenge(headers, realm))


def denied(headers: Mapping[str, list[str]], realm: str, *, anonymous: bool) -> Reply:
    """Denied by policy: 401 for the anonymous, 403 for a known caller."""
    status, code = (HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED") if anonymous else (HTTPStatus.FORBIDDEN, "DENIED")
    return document(status, {"errors": [refusal(code)]}, *challenge(headers, realm))

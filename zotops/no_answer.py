"""Why there was no answer, in the words of a person who asks what to do about it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

# By the name of the client's exception or of its parent. Their own texts are never shown: they may quote a header.
REASONS = {
    "ConnectTimeout": "no connection within {timeout:g} s",
    "PoolTimeout": "all connections were busy for {timeout:g} s",
    "TimeoutException": "no answer within {timeout:g} s",
    "ProxyError": "the proxy named by https_proxy refused",
    "RemoteProtocolError": "what it answered is not HTTP, or broke off in the middle",
    "DecodingError": "its answer is damaged: it is not compressed as it says",
    "UnsupportedProtocol": "that is no web address",
    "InvalidURL": "that is no web address",
    "NetworkError": "the connection broke",
    "LocalProtocolError": "a header or the address holds a character that HTTP does not allow",
    "ValueError": "a header or the address holds a character that HTTP does not allow",
}
BY_KIND: dict[type[OSError], str] = {
    TimeoutError: "",  # the client's own exception tells which part took too long
    ssl.SSLError: "no TLS connection: does it speak https there?",
    socket.gaierror: "its name is not known here",
    ConnectionRefusedError: "nothing listens there (connection refused)",
    ConnectionResetError: "it broke the connection off",
    BrokenPipeError: "it broke the connection off",
}


class CutOff(OSError):
    """We stopped reading an answer; `strerror` says why."""

    def __init__(self, why: str) -> None:
        super().__init__(0, why)


def why_no_answer(error: Exception, timeout: float) -> str:
    """The reason, without a secret; "" when it is none of the kind. `timeout`: the limit in seconds that was given."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and (said := _said_by_the_system(cause)):
            return said
    names = [parent.__name__ for parent in type(error).__mro__]
    return next((REASONS[name] for name in names if name in REASONS), "").format(timeout=timeout)


def _said_by_the_system(cause: OSError) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted here: {cause.verify_message}"
    return next((said for kind, said in BY_KIND.items() if isinstance(cause, kind)), cause.strerror or "")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

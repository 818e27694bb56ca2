"""`curl` with the few options that runbooks use, for machines without one."""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from zotops.lab.executables.call import Call, NotImplementedHere, Words, complain, parse_words

FLAGS = ("-s", "-S", "-f", "-I", "-i", "--fail", "--silent", "--show-error", "--head")
VALUES = ("-m", "-o", "-w", "-H", "-X", "--max-time", "--output", "--write-out", "--request", "--connect-timeout")


class Answer(NamedTuple):
    """One answer: status, headers and body."""

    status: int
    headers: Message
    body: bytes


class NotFollowed(urllib.request.HTTPRedirectHandler):
    """curl does not follow redirects unless told to."""

    def redirect_request(self, *_: object) -> None:
        """None means: hand the redirect itself to the caller."""


def main(call: Call) -> int:
    """Ask, print, and exit as curl does: 0, 6 no such host, 7 not connected, 22 with -f, 28 too slow."""
    headers = [call.words[at + 1] for at, word in enumerate(call.words[:-1]) if word == "-H"]
    given = parse_words(_apart(call.words), flags=FLAGS, values=VALUES)
    if len(given.alone) != 1:
        raise NotImplementedHere("other than one address")
    problem, exit_code, answer = "", 0, None
    try:
        answer = _ask(given, headers)
    except TimeoutError:
        problem, exit_code = "Operation timed out", 28
    except urllib.error.URLError as error:
        reasons = ((socket.gaierror, 6), (TimeoutError, 28))
        exit_code = next((code for kind, code in reasons if isinstance(error.reason, kind)), 7)
        problem = f"Failed to connect: {error.reason}"
    if answer is not None and "-f" in given.options and answer.status >= HTTPStatus.BAD_REQUEST:
        problem, exit_code = f"The requested URL returned error: {answer.status}", 22
    if answer is not None:
        _print(given, answer, body=not exit_code)
    if "-w" in given.options:
        status = answer.status if answer else 0
        sys.stdout.write(given.options["-w"].replace("%{http_code}", f"{status:03}").replace("\\n", "\n"))
    if problem and ("-s" not in given.options or "-S" in given.options):
        complain(f"curl: ({exit_code}) {problem}")
    return exit_code


def _apart(words: list[str]) -> list[str]:
    """The words with short flags written together taken apart: -sSf is -s -S -f."""
    apart: list[str] = []
    for at, word in enumerate(words):
        is_value = at > 0 and words[at - 1] in VALUES
        short = word.startswith("-") and not word.startswith("--") and not is_value
        apart += [f"-{letter}" for letter in word[1:]] if short else [word]
    return apart


def _ask(given: Words, headers: list[str]) -> Answer:
    method = given.options.get("-X") or ("HEAD" if "-I" in given.options else "GET")
    request = urllib.request.Request(given.alone[0], method=method)
    request.add_header("User-Agent", "curl/8.0")
    for header in headers:
        name, _, value = header.partition(":")
        request.add_header(name.strip(), value.strip())
    seconds = float(given.options.get("-m", given.options.get("--max-time", "60")))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NotFollowed)
    try:
        with opener.open(request, timeout=seconds) as reply:
            return Answer(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, refused.headers, refused.read())


def _print(given: Words, answer: Answer, *, body: bool) -> None:
    text = b""
    if {"-I", "-i"} & given.options.keys():
        lines = [f"HTTP/1.1 {answer.status}", *(f"{name}: {value}" for name, value in answer.headers.items())]
        text = "".join(f"{line}\r\n" for line in [*lines, ""]).encode()
    if body and "-I" not in given.options:
        text += answer.body
    if "-o" in given.options:
        Path(given.options["-o"]).write_bytes(text)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()

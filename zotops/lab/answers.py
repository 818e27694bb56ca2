"""Keeps what the stand-ins answer in WORLD/log/answers.jsonl, for whoever wants to judge it, where that file is."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


# Programs whose answers have a published form. The others' are not kept: some hand their output to a child.
PROGRAMS = ("argocd",)


def place_of(world: Path) -> Path:
    """Where the answers go; an empty file there turns the keeping on, also while the world runs."""
    return world / "log" / "answers.jsonl"


def keep(world: Path, answer: dict[str, Any]) -> None:
    """Append one answer, in one write, because several processes do."""
    with place_of(world).open("ab", buffering=0) as file:
        file.write(json.dumps(answer).encode() + b"\n")


def kept_of_server(app: ASGIApp, world: Path, server: str) -> ASGIApp:
    """The application, with each answer kept as {"server", "method", "path", "query", "status", "body"}."""

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not place_of(world).exists():
            await app(scope, receive, send)
            return
        asked = {"server": server, "method": scope["method"], "path": scope["path"]}
        answer: dict[str, Any] = {**asked, "query": scope["query_string"].decode()}
        body = bytearray()

        async def sending(message: Message) -> None:
            answer["status"] = message.get("status", answer.get("status"))
            body.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                keep(world, {**answer, "body": body.decode(errors="replace")})
            await send(message)

        await app(scope, receive, sending)

    return listening


def kept_of_program(world: Path, program: str, words: list[str], run: Callable[[], int]) -> int:
    """Run the program, with its answer kept as {"program", "argv", "code", "out"}."""
    if program not in PROGRAMS or not place_of(world).exists():
        return run()
    stdout, sys.stdout = sys.stdout, io.StringIO()
    code = None
    try:
        code = run()
    finally:
        out = sys.stdout.getvalue()
        sys.stdout = stdout
        stdout.write(out)
        keep(world, {"program": program, "argv": words, "code": code, "out": out})
    return code

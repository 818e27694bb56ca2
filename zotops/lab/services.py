"""The identity provider and the forge of a world, in one process: `python -m zotops.lab.services WORLD`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import nullcontext, suppress
from json import loads
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import Server

from zotops.lab import forge, provider
from zotops.lab.answers import kept_of_server


def applications(world: Path) -> list[tuple[ASGIApp, int]]:
    """What to serve, each with its port."""
    names: dict[str, Any] = loads((world / "world.json").read_text())
    ports = (names["identity_provider"]["port"], names["forge"]["port"])
    apps: dict[str, ASGIApp] = {"provider": provider.app(world), "forge": forge.app(world)}
    return [(kept_of_server(app, world, name), port) for (name, app), port in zip(apps.items(), ports, strict=True)]


class _Server(Server):
    """A server that leaves signals to this process: two servers cannot both own them."""

    def capture_signals(self) -> Any:
        return nullcontext()


async def serve(apps: list[tuple[ASGIApp, int]]) -> None:
    """Serve until stdin closes or a signal asks to end."""
    servers = [_Server(_config(app, port)) for app, port in apps]
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    _when_stdin_closes(loop, stop)
    await asyncio.gather(*(server.serve() for server in servers))


def _config(app: ASGIApp, port: int) -> Config:
    return Config(
        app,
        host="127.0.0.1",
        port=port,
        http="h11",
        ws="none",
        loop="asyncio",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


def _when_stdin_closes(loop: asyncio.AbstractEventLoop, stop: Any) -> None:
    """The supervisor's end closes our stdin, however it ended; a terminal or a file is no such sign."""

    def read() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop()

    with suppress(PermissionError):  # a regular file cannot be watched
        loop.add_reader(0, read)


def main() -> None:
    """Serve the world named on the command line."""
    try:
        (world,) = sys.argv[1:]
    except ValueError:
        sys.exit("usage: python -m zotops.lab.services WORLD")
    asyncio.run(serve(applications(Path(world).resolve())))


if __name__ == "__main__":
    main()

"""The executable: `serve FILE`, `verify FILE`, `--version`, with zot's exit codes and messages."""

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from zotops.lab.registry import DISTRIBUTION_SPEC, RELEASE_TAG
from zotops.lab.registry.application import Application
from zotops.lab.registry.assembly import FolderInUse, assemble, take_folder
from zotops.lab.registry.checking import BadConfiguration
from zotops.lab.registry.exchange import NOT_IMPLEMENTED
from zotops.lab.registry.live import Live, follow_file
from zotops.lab.registry.loading import load
from zotops.lab.registry.logbook import Logbook
from zotops.lab.registry.quirks import Quirks
from zotops.lab.registry.relying import DiscoveryFailed
from zotops.lab.registry.settings import Settings, Words
from zotops.lab.registry.wire import Listener

FINE, REFUSED, PANICKED = 0, 1, 2
ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
NOT_STARTED = "failed to start controller, exiting"
ENDING = 5.0
"""Seconds that running answers get when the registry is told to end."""
USAGE = """\
Usage:
  zot [flags]
  zot [command]

Available Commands:
  serve       `serve` stores and distributes OCI images
  verify      `verify` validates a zot config file
"""


def main(words: list[str]) -> int:
    """Run one command; returns the exit code."""
    command, *rest = words or ["--help"]
    if command == "serve":
        return serve(Path(rest[0])) if len(rest) == 1 else fail(f"accepts 1 arg(s), received {len(rest)}")
    if command == "verify":
        return verify(Path(rest[0])) if rest else FINE
    if command in {"scrub", "schema", "verify-feature"}:
        return fail(NOT_IMPLEMENTED)
    if command in {"--version", "-v"}:
        return version()
    return say(USAGE) if command in {"--help", "-h"} else fail(f'unknown command "{command}" for "zot"')


def version() -> int:
    """Say what this is."""
    Logbook().info(
        "version",
        **{"distribution-spec": DISTRIBUTION_SPEC, "commit": RELEASE_TAG, "binary-type": "practice", "go version": ""},
    )
    return FINE


def verify(file: Path) -> int:
    """Check a configuration as zot does."""
    book = Logbook()
    try:
        load(file, book)
    except BadConfiguration as error:
        book.error("invalid config file", config=str(file))
        return fail(str(error))
    except OSError as error:
        return panic(error)
    book.info("config file is valid", config=str(file))
    return FINE


def serve(file: Path) -> int:
    """Be a registry until a signal comes."""
    quirks = Quirks()
    if quirks.on("die_on_start"):
        return panic(RuntimeError("told to die by the practice world"))
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        settings, missing = load(file, Logbook())
        if missing:
            return cannot(settings, missing)
        book = Logbook(level=settings.log_level, output=settings.log_output)
        with take_folder(Path(settings.root)):
            live = Live(settings)
            application = assemble(live, book, quirks)
            # from here on no thread is woken by them: `listen` waits for them itself
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
            follow_file(file, live, book)
            return listen(application, settings, book)
    except DiscoveryFailed as error:
        return panic(error)
    except (BadConfiguration, FolderInUse, OSError) as error:
        return fail(str(error))


def listen(application: Application, settings: Settings, book: Logbook) -> int:
    """Open the port and answer. A port that is taken ends zot with 0, its log alone says why."""
    try:
        listener = Listener(address=settings.address, port=settings.port)
    except OSError as error:
        place = f"{settings.address}:{settings.port}"
        book.error(NOT_STARTED, error=f"listen tcp {place}: bind: {str(error.strerror).lower()}")
        return FINE
    listener.accept_in_background(application.answer)
    book.info("ready", port=listener.port)
    number = signal.sigwait(ENDS)
    book.info("received signal", signal=int(number))
    listener.close(seconds=ENDING)
    return FINE


def cannot(settings: Settings, missing: Words) -> int:
    """Say what is not served here; like zot, missing TLS files end with 0."""
    absent = [file for file in settings.tls_files if not Path(file).is_file()]
    if absent:
        Logbook().error(NOT_STARTED, error=f"open {absent[0]}: no such file or directory")
        return FINE
    return fail(f"{NOT_IMPLEMENTED}: {', '.join(missing)}")


def say(words: str) -> int:
    """Print to the person who called."""
    sys.stdout.write(words)
    return FINE


def fail(sentence: str) -> int:
    """Refuse, in the form of zot's command line."""
    sys.stderr.write(f"Error: {sentence}\n")
    return REFUSED


def panic(error: Exception) -> int:
    """Die as a Go program that panics."""
    sys.stderr.write(f"panic: {error}\n\ngoroutine 1 [running]:\n{traceback.format_exc()}")
    return PANICKED


def leave(code: int) -> NoReturn:
    """End at once: connections still open are of no interest."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))

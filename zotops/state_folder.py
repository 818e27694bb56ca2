"""The folder of this user's runs, the key of its fingerprints, and the lock that lets one run at a time work."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from zotops.errors import ConfigurationIsWrong, LockedByAnother

KEY_LENGTH = 32
NOBODY = "a run that did not say whose it is"
PROCESSES = Path("/proc")


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's state folder, made with mode 0700; `ZOTOPS_STATE` overrides where it is."""
    named = environment.get("ZOTOPS_STATE")
    with _usable(f"the state folder {named or ''}"):
        folder = Path(named).expanduser().absolute() if named else _usual_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    return folder


@contextmanager
def _usable(place: str) -> Iterator[None]:
    """Say what of the user's own disk cannot be used; a run has not begun yet."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise ConfigurationIsWrong(
            f"{place} cannot be used: {getattr(error, 'strerror', None) or error}",
            remedy="make room there, or set ZOTOPS_STATE to a folder of your own, on a local disk",
        ) from error


def fingerprint_key(folder: Path) -> bytes:
    """32 random bytes kept in that folder, made on first use; whoever comes second gets those of the first."""
    path = folder / "fingerprint-key"
    with _usable(str(path)):
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
    if len(key) != KEY_LENGTH:
        raise ConfigurationIsWrong(
            f"{path} holds {len(key)} bytes instead of {KEY_LENGTH}",
            remedy="remove it: a new one is made, and fingerprints of earlier runs can no longer be compared",
        )
    return key


def _make_key(path: Path) -> None:
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_LENGTH))
            file.flush()
            os.fsync(handle)
        # A link, unlike a rename, does not replace the key of a run that was faster.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        Path(fresh).unlink()


def lock_path(folder: Path, url: str) -> Path:
    """The lock file of the registry at that address: its host for people, a hash because a path holds no address."""
    address = url.rstrip("/").lower()
    host = urlsplit(address).hostname or "registry"
    return folder / "locks" / f"{host}-{sha256(address.encode()).hexdigest()[:12]}.lock"


def holder_of(path: Path) -> str:
    """Who of this machine holds the lock of that file, without touching it; "" when nobody is seen to."""
    try:
        with path.open("rb") as file:
            owner, process, host = _owner_in(file.read(4096))
    except OSError:
        return ""
    works = process and host == socket.gethostname() and _works_on(process, path)
    return owner if works else ""


class Lock:
    """A kernel lock on a file. The text in it only names the owner; the lock itself ends with its last holder.

    Children that inherit `descriptor` keep it: a run that was killed is over when the last of them is gone.
    """

    def __init__(
        self, path: Path, *, owner: str, waiting: Callable[[str], None] | None = None, patience: float = 3600.0
    ) -> None:
        """Take the lock; LockedByAnother names its owner (run, user, host and process).

        When the owner is gone and only its programs still work, `waiting` is told so, once, and they are waited for, up
        to `patience` seconds. Without `waiting` they are not.
        """
        self.path = path
        with _usable(f"the lock {path}"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not self._is_free():
                self._wait(waiting, time.monotonic() + patience)
            with _usable(f"the lock {path}"):
                os.ftruncate(self.descriptor, 0)
                os.pwrite(self.descriptor, f"{owner}\n{os.getpid()} {socket.gethostname()}\n".encode(), 0)
        except BaseException:
            self.release()
            raise

    def _is_free(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(self, waiting: Callable[[str], None] | None, end: float) -> None:
        holder, process, host = self._holder()
        orphans = host == socket.gethostname() and not _works_on(process, self.path)
        if not orphans:
            raise LockedByAnother(f"this registry is being worked on by {holder}", remedy="wait until it has ended")
        still = f"{holder} was ended, but its programs still work: {_holders(self.path)}"
        if waiting:
            waiting(still)
            while time.monotonic() < end:
                if self._is_free():
                    return
                time.sleep(0.1)
        raise LockedByAnother(still, remedy="wait until they have ended, or end them")

    def _holder(self) -> tuple[str, int, str]:
        return _owner_in(os.pread(self.descriptor, 4096, 0))

    def release(self) -> None:
        """Let go of it; children that inherited it hold it until they end."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _owner_in(content: bytes) -> tuple[str, int, str]:
    """Who wrote a lock's file, with process and host; process 0 where it names none."""
    owner, _, rest = content.decode("utf-8", "replace").partition("\n")
    process, _, host = rest.strip().partition(" ")
    return owner or NOBODY, int(process) if process.isdecimal() else 0, host


def _works_on(process: int, path: Path) -> bool:
    """Whether that process is there and has the file open; where nobody can tell the latter, the former is enough."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A number can be given anew, and a process that was killed stays in the table until its parent has looked.
    return process in _open_in(path) if PROCESSES.is_dir() else True


def _holders(path: Path) -> str:
    """The processes that have the file open, for people."""
    if not PROCESSES.is_dir():
        return f"`lsof {path}` lists them"
    found = []
    for process in _open_in(path) - {os.getpid()}:
        with suppress(OSError):
            found.append(f"{(PROCESSES / str(process) / 'comm').read_text().strip()} (process {process})")
    return ", ".join(sorted(found)) or "they are just ending"


def _open_in(path: Path) -> set[int]:
    """Processes that have the file open, as far as we may see (proc(5))."""
    found = set()
    for process in (int(folder.name) for folder in PROCESSES.iterdir() if folder.name.isdecimal()):
        with suppress(OSError):  # not ours to see, or gone meanwhile
            if any(link.readlink() == path.resolve() for link in (PROCESSES / str(process) / "fd").iterdir()):
                found.add(process)
    return found


def _usual_folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("zotops", appauthor=False)

"""The folder of this user's runs, the key of its fingerprints, and the lock that lets one run at a time work."""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from zotops.errors import ConfigurationIsWrong, LockedByAnother

KEY_LENGTH = 32
NOBODY = "a run that did not say whose it is"


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's state folder, made with mode 0700; `ZOTOPS_STATE` overrides where it is."""
    named = environment.get("ZOTOPS_STATE")
    try:
        folder = Path(named).expanduser().absolute() if named else _usual_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except (OSError, RuntimeError) as error:
        raise ConfigurationIsWrong(
            f"the state folder {named or ''} cannot be used: {getattr(error, 'strerror', None) or error}",
            remedy="set ZOTOPS_STATE to a folder of your own, on a local disk",
        ) from error
    return folder


def fingerprint_key(folder: Path) -> bytes:
    """32 random bytes kept in that folder, made on first use; whoever comes second gets those of the first."""
    path = folder / "fingerprint-key"
    if not path.exists():
        handle, fresh = tempfile.mkstemp(dir=folder, prefix=".fingerprint-key.")
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
    key = path.read_bytes()
    if len(key) != KEY_LENGTH:
        raise ConfigurationIsWrong(
            f"{path} holds {len(key)} bytes instead of {KEY_LENGTH}",
            remedy="remove it: a new one is made, and fingerprints of earlier runs can no longer be compared",
        )
    return key


def lock_path(folder: Path, url: str) -> Path:
    """The lock file of the registry at that address: its host for people, a hash because a path holds no address."""
    address = url.rstrip("/").lower()
    host = urlsplit(address).hostname or "registry"
    return folder / "locks" / f"{host}-{sha256(address.encode()).hexdigest()[:12]}.lock"


class Lock:
    """A kernel lock on a file. The text in it only names the owner; the lock itself ends with its last holder.

    Children that inherit `descriptor` keep it: a run that was killed is over when the last of them is gone.
    """

    def __init__(self, path: Path, *, owner: str) -> None:
        """Take the lock at once; LockedByAnother names its owner (run, user, host and process)."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self.descriptor, 4096).decode("utf-8", "replace").strip() or NOBODY
            os.close(self.descriptor)
            raise LockedByAnother(
                f"this registry is being worked on by {holder}",
                remedy=f"wait until it ends; its programs count too (`lsof {path}` lists them)",
            ) from error
        os.ftruncate(self.descriptor, 0)
        os.write(self.descriptor, f"{owner}\n".encode())

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


def _usual_folder() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415  # not needed where ZOTOPS_STATE is set

    return user_state_path("zotops", appauthor=False)

"""Secrets that somebody else hands to this process, in a file or a variable; they can be read and never written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zotops.errors import ActionFailed, Unreachable
from zotops.profile import Handed, parse_ref
from zotops.redaction import Redactor
from zotops.secret_stores.values import Values
from zotops.world import Secret, SecretRef

# Where systemd puts a service's credentials (systemd.exec(5), "Credentials").
CREDENTIALS = "CREDENTIALS_DIRECTORY"
LARGEST = 64 * 1024
READ_ONLY = "the store `environment` can only be read"
REMEDY = 'use `store = "onepassword"` or `"keyring"` for whatever has to write'


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What this process was given: its variables by name, and the folder of systemd's credentials, "" for none."""

    variables: Mapping[str, Secret]
    folder: str = ""


def take(handed: Iterable[Handed], variables: MutableMapping[str, str] = os.environ) -> Taken:
    """Take every variable out of our environment, so that no child is ever given one; before any program is started.

    It can be done once: for all profiles of a call together, however often their worlds are opened afterwards.
    """
    names = dict.fromkeys(one.variable for one in handed if one.variable in variables)
    return Taken(
        variables={name: Secret(_without_line_end(variables.pop(name))) for name in names},
        folder=variables.get(CREDENTIALS, ""),
    )


class Environment:
    """A file is the better way: a variable can be seen from outside in the list of processes of the same user.

    Every variable is registered when the store is made. A file is read when it is asked for. One line end at the very
    end is dropped; nothing else is.
    """

    def __init__(self, *, handed: Sequence[Handed], taken: Taken, redactor: Redactor, key: bytes) -> None:
        """`taken`: for this profile, and perhaps for others of the same call."""
        self._values = Values(redactor=redactor, key=key)
        self._files = {parse_ref(one.ref): one.file for one in handed if one.file}
        self._names = {parse_ref(one.ref): one.variable for one in handed if one.variable}
        self._folder, self._taken = taken.folder, taken.variables
        for ref, name in self._names.items():
            self._values.register(self._taken.get(name, Secret("")), str(ref))

    def read(self, ref: SecretRef) -> Secret:
        """The value. Unreachable: nothing hands it over, the variable is not set, or the file is not fit to be read."""
        name = self._names.get(ref, "")
        if name in self._taken:
            return self._taken[name]
        if ref in self._files:
            value = Secret(_without_line_end(_content(self._path(self._files[ref]))))
            self._values.register(value, str(ref))
            return value
        if name:
            remedy = "set it for this one command; it is read once and then removed"
            raise Unreachable(f"the variable {name} is not set", remedy=remedy)
        remedy = "name it under [[secrets.environment]] in the profile"
        raise Unreachable(f"no such field: nothing hands over {ref}", remedy=remedy)

    def write(self, item: str, fields: Mapping[str, Secret | None]) -> None:
        """Nothing is ever written."""
        raise ActionFailed(f"{READ_ONLY}, so {', '.join(fields)} of {item} was not written", remedy=REMEDY)

    def fingerprints(self, item: str) -> Mapping[str, str]:
        """Of those fields of the item that are handed over."""
        return {ref.field: self.fingerprint(self.read(ref)) for ref in (*self._files, *self._names) if ref.item == item}

    def fingerprint(self, secret: Secret) -> str:
        """Keyed fingerprint of a value in hand."""
        return self._values.fingerprint(secret)

    def _path(self, name: str) -> Path:
        path = Path(name).expanduser()
        if path.is_absolute():
            return path
        if not self._folder:
            raise Unreachable(
                f"{name} is a credential of systemd, and {CREDENTIALS} is not set",
                remedy="run it as the service that has LoadCredential=, or give the file's full path",
            )
        return Path(self._folder) / name


def _content(path: Path) -> str:
    """The file's text. Unreachable: it is not there, it is no file, others may read it, or it is too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            _refuse(path, os.fstat(descriptor).st_mode)
            content = os.read(descriptor, LARGEST + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}", remedy="is it there, and ours?") from error
    if len(content) > LARGEST:
        raise Unreachable(f"{path} holds more than {LARGEST} bytes", remedy="is that the secret's file?")
    try:
        return content.decode()
    except UnicodeDecodeError:
        # The cause is dropped: it quotes the content.
        raise Unreachable(f"{path} holds bytes that are no text", remedy="is that the secret's file?") from None


def _refuse(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise Unreachable(f"{path} is no file", remedy="give the secret's own file, not its folder")
    if mode & stat.S_IRWXO:
        raise Unreachable(
            f"{path} can be used by everybody (mode {stat.S_IMODE(mode):04o})",
            remedy="take that away: `chmod o= FILE`, in Kubernetes `defaultMode: 0440`",
        )


def _without_line_end(text: str) -> str:
    """Without the one line end that most ways of writing a file leave; what else is wrong with it has to show."""
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")

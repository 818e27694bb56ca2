"""The sweep at the end of every run: no form of any known secret stands in what was written."""

from __future__ import annotations

from pathlib import Path

from zotops.errors import Stop
from zotops.redaction import Redactor


class SecretFound(Stop):
    """A secret stands in a file that we wrote. Never a warning."""


def sweep(path: Path, redactor: Redactor) -> None:
    """SecretFound names the file and the kind of secret, never the secret."""
    found = redactor.sweep([path])
    if found:
        what = f"a secret stands in what was written: {'; '.join(map(str, found))}"
        raise SecretFound(what, remedy=f"remove {path}, replace that secret, and report this as a defect")

"""1Password's command line, `op`: three calls, and what its complaints mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from zotops.errors import Stop, Unreachable
from zotops.world import Finished, Programs, Secret, SecretRef

Item: TypeAlias = dict[str, Any]

_PREFIX = re.compile(r"^\[ERROR\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", re.MULTILINE)
# What the daemon of `op` remembers may be older than what was just written.
_FRESH = "--cache=false"


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """A kind of failure: parts of its text, what to do about it, and whether a write that met it wrote nothing."""

    fragments: tuple[str, ...]
    advice: str
    wrote_nothing: bool = True


# `op` exits 1 for every failure; only the text tells them apart. First match counts.
COMPLAINTS = (
    Complaint(
        fragments=(
            "you are not currently signed in",
            "account is not signed in",
            "could not find session token for account",
        ),
        advice="unlock 1Password, or `op signin`",
    ),
    Complaint(
        fragments=("no accounts configured for use with 1password cli", "no account found for filter"),
        advice="in the 1Password app, under Developer, let the command line use it; or `op account add`",
    ),
    Complaint(
        fragments=("authorization prompt dismissed", "authorization timeout", "cannot setup session"),
        advice="run it again and approve the prompt of 1Password",
    ),
    Complaint(
        fragments=("connecting to desktop app timed out", "context deadline exceeded"),
        advice="open the 1Password app, look whether it is online, and run it again",
        wrote_nothing=False,
    ),
    Complaint(
        fragments=("isn't a vault in this account",),
        advice="compare `vault` under [secrets] in the profile with `op vault list`; "
        "OP_SERVICE_ACCOUNT_TOKEN or OP_ACCOUNT may have chosen another account",
    ),
    Complaint(
        fragments=("isn't an item",),
        advice="compare the item's id in the profile with `op item list --vault …`",
    ),
    Complaint(
        fragments=("does not have a field", "could not find field or file"),
        advice="add that field to the item in the 1Password app, or correct its name in the profile",
    ),
    Complaint(
        fragments=("more than one item matches",),
        advice="name the item by its id in the profile",
    ),
    Complaint(
        fragments=("(403) forbidden", "(401) unauthorized", "you do not have permission to perform this action"),
        advice="the account or service account needs the right to read and to write items of this vault",
    ),
    Complaint(
        fragments=("failed to session.decodesacredentials",),
        advice="OP_SERVICE_ACCOUNT_TOKEN is damaged: copy it anew, or unset it",
    ),
    Complaint(
        fragments=("rate limit", "too many requests"),
        advice="wait; `op service-account ratelimit` says how long",
    ),
    Complaint(
        fragments=("invalid json in piped input",),
        advice="nothing was written; this is a mistake of zotops, please report it",
    ),
)
UNRECOGNISED = Complaint(fragments=(), advice="run that command yourself to see more", wrote_nothing=False)


class Refused(Stop):
    """`op` said no to a call; `wrote_nothing` when it is certain that a write did not happen."""

    exit_code = Unreachable.exit_code

    def __init__(self, what: str, *, remedy: str, wrote_nothing: bool) -> None:
        super().__init__(what, remedy=remedy)
        self.wrote_nothing = wrote_nothing


@dataclass(frozen=True, kw_only=True)
class OnePasswordCli:
    """`op` for one vault, named by id. `patience`: seconds that one call may take, since it may ask for a finger."""

    programs: Programs
    vault: str
    redact: Callable[[str], str]
    patience: float

    def read(self, ref: SecretRef) -> Secret:
        """The value of a field; empty when it has none."""
        return Secret(self._call("read", "--no-newline", f"op://{self.vault}/{ref.item}/{ref.field}").out)

    def item(self, item: str) -> Item:
        """The whole item, its secrets included."""
        done = self._call("item", "get", item, "--vault", self.vault, "--format", "json", "--reveal")
        try:
            found = json.loads(done.out)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("fields"), list):
            raise Unreachable(
                f"`op item get {item}` printed no item", remedy="is `op` the command line of 1Password, version 2?"
            )
        return found

    def replace(self, item: str, whole: Item) -> None:
        """Send the whole item through a pipe: fields without value are emptied, fields left out are lost."""
        # On one line: how `op` looks for the end of piped JSON is written down nowhere.
        self._call("item", "edit", item, "--vault", self.vault, "--format", "json", stdin=Secret(json.dumps(whole)))

    def _call(self, *words: str, stdin: Secret | None = None) -> Finished:
        """One call. Refused: it exited with a complaint. Unreachable: it is not there, or did not end."""
        try:
            done = self.programs.run(["op", *words, _FRESH], stdin=stdin, timeout=self.patience)
        except Unreachable as stop:
            absent = self.programs.find("op") is None
            remedy = "install the 1Password CLI, then `op signin`" if absent else "unlock 1Password; approve its prompt"
            raise Unreachable(stop.what, remedy=remedy) from None
        if done.code:
            text = _PREFIX.sub("", done.err).strip() or f"exit {done.code} without a word"
            kind = complaint_in(text)
            raise Refused(f"1Password: {self.redact(text)}", remedy=kind.advice, wrote_nothing=kind.wrote_nothing)
        return done


def complaint_in(text: str) -> Complaint:
    """The kind of failure that `op` tells of, or UNRECOGNISED."""
    said = text.lower()
    return next((kind for kind in COMPLAINTS if any(part in said for part in kind.fragments)), UNRECOGNISED)

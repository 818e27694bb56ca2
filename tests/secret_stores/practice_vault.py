"""The store before the practice vault, and what is really in that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lab.practice_world import Practice
from zotops.doors import RealPrograms
from zotops.lab import vault
from zotops.redaction import Redactor
from zotops.secret_stores.onepassword import OnePassword
from zotops.world import SecretRef

KEY = "zak_0123456789abcdef0123456789abcdef"
FINGERPRINT_KEY = b"k" * 32


def opened(practice: Practice, redactor: Redactor, *, before: Path | None = None, **options: Any) -> OnePassword:
    """The store as a run has it; `before` is a folder whose `op` is found first."""
    bin_folder = practice.root / "bin"
    programs = RealPrograms(
        redactor,
        search_path=f"{before}:{bin_folder}" if before else str(bin_folder),
        environment={"ZOTOPS_LAB_WORLD": str(practice.root), "HOME": str(practice.root / "home")},
    )
    known: dict[str, Any] = {"vault": practice.names["vault"], "key": FINGERPRINT_KEY, "patience": 20.0}
    return OnePassword(programs=programs, redactor=redactor, **{**known, **options})


def shared(practice: Practice, name: str = "zot-ci-api") -> SecretRef:
    return SecretRef(practice.names["shared_item"], name)


def own(practice: Practice, name: str) -> SecretRef:
    return SecretRef(practice.names["own_item"], name)


def stored(practice: Practice, ref: SecretRef) -> str | None:
    return vault.value_of(practice.state.read("vault"), ref.item, ref.field)


def other_values(practice: Practice) -> dict[str, str]:
    fields = practice.state.read("vault")["items"][practice.names["shared_item"]]["fields"]
    return {field["label"]: field.get("value", "") for field in fields if field["label"] != "zot-ci-api"}


def edits(practice: Practice) -> list[dict[str, Any]]:
    return [call for call in practice.calls("op") if call["argv"][:2] == ["item", "edit"]]

"""A hardened world whose key and vault a test may change, and `key-status` asked there."""

from __future__ import annotations

import base64
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema

from tests.commands.verifying import ROOT, Done, Hardened
from zotops.lab import vault

SCHEMA = json.loads((ROOT / "docs" / "reference" / "key-status.schema.json").read_text(encoding="utf-8"))


class Place:
    """A hardened world whose keys and vault a test may change. `key` is one that works, whatever the vault holds."""

    def __init__(self, world: Hardened) -> None:
        self.lab = world
        self.names: dict[str, str] = json.loads((world.root / "world.json").read_text())["names"]
        self.vault, self.forge = world.state.read("vault"), world.state.read("forge")
        self.key = vault.value_of(self.vault, self.names["shared_item"], self.names["field"]) or ""

    def store(self, field: str, value: str, item: str = "own_item") -> None:
        with self.lab.state.edit("vault") as document:
            vault.set_value(document, self.names[item], field, value)

    def store_key(self, key: str) -> None:
        self.store(self.names["field"], key, "shared_item")

    def ask(self, method: str, *, query: str = "", body: dict[str, str] | None = None) -> Any:
        url = f"{self.lab.profile.registry.url}/zot/auth/apikey{query}"
        login = base64.b64encode(f"{self.names['ci_user']}:{self.key}".encode()).decode()
        data = None if body is None else json.dumps(body).encode()
        asking = urllib.request.Request(url, data, {"Authorization": f"Basic {login}"}, method=method)
        with urllib.request.urlopen(asking) as reply:
            return json.loads(reply.read() or b"{}")

    def mint(self, label: str = "by-hand", **life: float) -> dict[str, str]:
        """One more key of the CI user; without a life it never ends."""
        body = {"label": label}
        if life:
            body["expirationDate"] = f"{datetime.now(UTC) + timedelta(**life):%Y-%m-%dT%H:%M:%SZ}"
        found: dict[str, str] = self.ask("POST", body=body)
        return found

    def renew(self, **life: float) -> dict[str, str]:
        """Another key instead of all others, in the vault."""
        made = self.mint("zotops/0000/2", **life)
        self.key = made["apiKey"]
        for key in self.ask("GET")["apiKeys"]:
            if key["uuid"] != made["uuid"]:
                self.ask("DELETE", query=f"?id={key['uuid']}")
        self.store_key(self.key)
        return made

    def current_id(self) -> str:
        found = max(self.ask("GET")["apiKeys"], key=lambda key: key["lastUsed"])
        return str(found["uuid"])

    def undo(self) -> None:
        for name, kept in (("vault", self.vault), ("forge", self.forge)):
            with self.lab.state.edit(name) as document:
                document.clear()
                document.update(kept)
        made = self.renew(days=90)
        self.store("expires", made["expirationDate"])

    def look(self, *words: str, profile: str = "") -> Done:
        named = ("--profile", profile) if profile else ()
        return self.lab.call("key-status", *named, *words, own=not profile)

    def told(self, *words: str, profile: str = "") -> tuple[dict[str, Any], dict[str, str]]:
        """The document, held to its schema, and each point's level."""
        done = self.look("--json", *words, profile=profile)
        jsonschema.validate(done.document, SCHEMA)
        assert done.code == done.document["exit"], done.err
        assert "zak_" not in done.out + done.err
        return done.document, {point["name"]: point["level"] for point in done.document["points"]}

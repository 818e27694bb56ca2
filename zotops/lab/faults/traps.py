"""Traps: worlds that look wrong at some place, and in which all is well."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from zotops.lab import checkout, vault
from zotops.lab.faults.breaking import in_configuration, in_turn, switch, world_of
from zotops.lab.faults.fault import Trap
from zotops.lab.faults.front import add_server, in_front
from zotops.lab.faults.sentences import BUILDS_SUCCEEDED, CI, KEY_LISTED, REVIEWED, SERVICES_WELL
from zotops.lab.first_key import EXPIRES, Browser
from zotops.lab.forge.workflows import DAGGER, NIX
from zotops.lab.names import NAMES
from zotops.lab.state import Document, State

CREATED = 201
OTHERS = 5


def add_failed_runs(root: Path) -> None:
    """Let builds of the same commits have failed before, and let a dispatch tell no id: it has to be looked for."""
    world = world_of(root)
    with State(root / "state").edit("forge") as document:
        model = document["runs"][-1]
        for number, commit in enumerate(checkout.commits(world)):
            for workflow in (DAGGER, NIX):
                document["runs"].insert(0, _failed(model, 700 - 2 * number - (workflow == NIX), workflow, commit))
        document["next"]["run"] = 701
    switch("forge", **{"204_dispatch": True})(root)


def _failed(model: Document, run: int, workflow: str, commit: str) -> Document:
    inputs = {"container": NAMES["container"], "ref": commit}
    moment = time.time() - 7200
    return {
        **model,
        "id": run,
        "number": run - 600,
        "workflow": workflow,
        "event": "",
        "trigger_event": "workflow_dispatch",
        "payload": {"inputs": inputs, "ref": model["ref"]},
        "status": "failure",
        "created": moment,
        "started": moment,
        "stopped": moment + 9,
    }


def make_key(root: Path, *, label: str, expires: str) -> str:
    """Make another key of the CI user, with the one that the vault has."""
    world = world_of(root)
    current = vault.value_of(State(root / "state").read("vault"), NAMES["shared_item"], NAMES["field"])
    login = base64.b64encode(f"{CI}:{current}".encode()).decode()
    body = json.dumps({"label": label, "scopes": [], "expirationDate": expires})
    status, _, text = Browser().ask(
        f"{world['registry']['url']}/zot/auth/apikey",
        method="POST",
        body=body,
        headers={"Authorization": f"Basic {login}"},
    )
    if status != CREATED:
        raise RuntimeError(f"the registry made no further key: {status}")
    key: str = json.loads(text)["apiKey"]
    return key


def make_more_keys(root: Path) -> None:
    """Give the CI user several keys; a list of keys has no order."""
    for number in range(OTHERS):
        make_key(root, label=f"another {number}", expires=EXPIRES)


def use_key_with_odd_times(root: Path) -> None:
    """Let CI's key be one whose expiry has nine digits behind the second and is told in another time zone."""
    day = (datetime.now(UTC) + timedelta(days=60)).strftime("%Y-%m-%d")
    key = make_key(root, label="odd times", expires=f"{day}T23:59:59.123456789+05:30")
    with State(root / "state").edit("vault") as document:
        before = vault.value_of(document, NAMES["shared_item"], NAMES["field"]) or ""
        vault.set_value(document, NAMES["own_item"], "previous", before)
        vault.set_value(document, NAMES["shared_item"], NAMES["field"], key)
    with State(root / "state").edit("forge") as document:
        document["secrets"][f"repo:{NAMES['owner']}/{NAMES['repo']}"][NAMES["secret"]]["data"] = key


def let_somebody_use_another_key(root: Path) -> None:
    """Let another key of the CI user be in use all the time."""
    key = make_key(root, label="somebody else's", expires=EXPIRES)
    world = world_of(root)
    with State(root / "state").edit("somebody") as document:
        document.update(user=CI, key=key, url=f"{world['registry']['url']}/v2/")
    add_server(root, "practice.somebody", [world["python"], "-s", "-m", "zotops.lab.somebody", str(root)])


TRAPS = (
    Trap(
        name="runs-listed-out-of-order",
        odd="The forge lists runs in no order, the same commits have failed before, and a dispatch tells no id.",
        check=BUILDS_SUCCEEDED,
        breaks=add_failed_runs,
        state="hardened",
    ),
    Trap(
        name="unrelated-service-red",
        odd="`services-check` is red for a service that has nothing to do with the registry.",
        check=SERVICES_WELL,
        breaks=switch("services", unrelated_red=True),
        state="hardened",
    ),
    Trap(
        name="services-green-without-cluster",
        odd="`services-check` cannot reach the cluster, prints an empty table, and is green.",
        check=SERVICES_WELL,
        breaks=switch("services", cluster_unreachable=True),
        state="hardened",
    ),
    Trap(
        name="challenge-with-a-200",
        odd="`GET /v2/` of an open registry answers 200 with a challenge, as if it judged anybody.",
        check="the registry's state can be told",
        breaks=in_front(adds_challenge=True),
        played_by="proxy",
    ),
    Trap(
        name="keys-in-random-order",
        odd=f"{CI} has several keys, and they are listed in another order each time.",
        check=KEY_LISTED,
        breaks=make_more_keys,
        state="hardened",
    ),
    Trap(
        name="times-with-nine-digits",
        odd="A key's expiry has nine digits behind the second, and another offset than UTC.",
        check=KEY_LISTED,
        breaks=use_key_with_odd_times,
        state="hardened",
    ),
    Trap(
        name="last-use-moved-by-somebody-else",
        odd=f"Another key of {CI} is in use all the time, so that ours is not always the one used last.",
        check=KEY_LISTED,
        breaks=let_somebody_use_another_key,
        state="hardened",
    ),
    Trap(
        name="fail-delay",
        odd="The registry waits 2 s before each refusal (`failDelay`).",
        check="nobody may write without a key, at any address",
        breaks=in_configuration('"apikey": true,', '"apikey": true,\n      "failDelay": 2,'),
        state="hardened",
    ),
    Trap(
        name="extra-field-in-each-answer",
        odd="Registry, provider and forge put a field into each answer that nobody knows.",
        check="the registry's state can be told",
        breaks=in_turn(
            switch("registry", extra_field=True),
            switch("provider", extra_field=True),
            switch("forge", extra_field=True),
        ),
        played_by="stand-in",
    ),
    Trap(
        name="other-recap-text",
        odd="ansible-playbook writes its recap as another version does: in colour, with other blanks and fewer counts.",
        check=REVIEWED,
        breaks=switch("ansible", other_recap=True),
    ),
)

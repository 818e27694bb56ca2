"""In a hardened world with a fault that verify can see, it names that effect, and nothing else is red."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.verifying import GUEST, KINDS, Done, Hardened, hardened
from zotops.access_sentences import KEY_API, MADE_UP
from zotops.lab import vault
from zotops.lab.faults import Fault, fault_named, registry, rules
from zotops.lab.faults.sentences import CI, KEY_LISTED, NOBODY_WRITES, UNCHANGED
from zotops.lab.first_key import Browser
from zotops.lab.hands import Hands
from zotops.lab.names import NAMES
from zotops.lab.world import StartState

READS, TAKEN, DOCKER = (
    "anybody may read",
    f"the registry takes this key for {CI}",
    "Docker's client is asked to sign in",
)
PUSHES, OVERWRITES, DELETES = f"{CI} may push new tags", f"{CI} may not overwrite a tag", f"{CI} may not delete"
OF_THE_KEY = {f"{CI} may read", PUSHES, OVERWRITES, DELETES}
VERSION, HEALTH = "the registry's version is 2.1.20 or later", "the registry says that it is well"
SIGN_IN, METRICS = "a sign-in is offered, and the provider takes it", "metrics are read without credentials"
CONSUMERS = "still pull without credentials: cluster, job runner"
# How a world comes to be broken, beside what the fault itself does.
Way = Callable[[Hardened], object]


def provision(world: Hardened) -> None:
    """Run the role, which the fault has changed."""
    Hands(world.root).provision("zot")


def deploy_by_hand(world: Hardened) -> None:
    Hands(world.root).do("deploy-zot")


def make_key_by_hand(world: Hardened) -> None:
    """Make a key and store it, with the mistakes that the fault makes."""
    hands = Hands(world.root)
    with world.state.edit("vault") as document:
        vault.set_value(document, NAMES["own_item"], "pending", "")
    key = hands.answer("pasted-key")
    with world.state.edit("vault") as document:
        vault.set_value(document, NAMES["own_item"], "pending", key)
    hands.do("store-ci-key")


def with_a_guest(world: Hardened) -> None:
    world.name_logins(guest=world.make_key(GUEST))
    provision(world)


def at_once(world: Hardened) -> None:
    """What the fault does counts at once."""


RED: dict[str, tuple[Way, set[str]]] = {
    # Who may do what.
    "anonymous-may-write": (provision, {NOBODY_WRITES}),
    "anonymous-may-not-read": (provision, {READS, CONSUMERS}),
    "ci-may-not-push": (provision, {PUSHES}),
    "ci-may-overwrite": (provision, {OVERWRITES}),
    "ci-may-delete": (provision, {DELETES}),
    "ci-may-more-meanwhile": (at_once, {OVERWRITES}),
    "no-default-policy": (with_a_guest, {f"{GUEST} may read"}),
    # Until its restart it asks nobody who they are: CI may what everybody may.
    "access-control-added-by-reload": (deploy_by_hand, {NOBODY_WRITES, OVERWRITES, DELETES}),
    # Whoever signs in may do everything, and nobody anything.
    "restart-lost": (deploy_by_hand, {READS, OVERWRITES, DELETES, METRICS, CONSUMERS}),
    # That door judges nobody, so that no key proves anything there.
    "second-front-door-without-rules": (at_once, {NOBODY_WRITES, DOCKER, KEY_API, MADE_UP, TAKEN, *OF_THE_KEY}),
    # The key.
    "key-of-another-user": (make_key_by_hand, {TAKEN, KEY_LISTED}),
    "key-without-expiry": (make_key_by_hand, {KEY_LISTED}),
    "key-with-newline": (make_key_by_hand, {KEY_LISTED}),
    # The build.
    "build-without-key-api": (at_once, {KEY_API}),
    "key-api-gone-meanwhile": (at_once, {KEY_API}),
    "tag-overwrite-hole": (at_once, {OVERWRITES, VERSION}),
    # What is around it.
    "address-leads-elsewhere": (at_once, {HEALTH, SIGN_IN, METRICS, CONSUMERS}),
    "consumer-asks-in-mirror-form": (at_once, {CONSUMERS}),
    "issuer-without-slash": (at_once, {"the provider names its issuer byte for byte"}),
    "metrics-cut-off": (provision, {METRICS}),
    "proxy-drops-credentials": (at_once, {MADE_UP, TAKEN}),
    "proxy-limits-the-body": (at_once, {UNCHANGED}),
    "proxy-refuses-writes": (at_once, {UNCHANGED}),
    "proxy-serves-an-old-catalog": (at_once, {READS}),
    "proxy-strips-the-challenge": (at_once, {UNCHANGED}),
    "redirect-not-registered": (at_once, {SIGN_IN}),
}
FINDINGS = {
    "ci-may-plant-images": "access.planting",
    "key-on-the-command-line": "key-in-argv",
    "stray-key": "keys.strays",
}
UNTOLD = {"blob-damaged": {READS, f"{CI} may read"}, "vault-signed-out": {TAKEN, *OF_THE_KEY, VERSION, KEY_LISTED}}
ON_REQUEST = {
    "session-key-too-short": (("--sign-in",), "a sign-in leads to the identity provider"),
    "scratch-not-readable": (("--write",), "an image pushed with CI's key comes back"),
    "upstream-down": (("--pull-through", "library/alpine:3.20"), "docker.io/library/alpine:3.20 is pulled through"),
}
# `test_verify_own_world.py` pulls through a mirror that plain clients cannot use.
ELSEWHERE = {"plain-mirrors-not-served"}
STATES: dict[str, StartState] = {"access-control-added-by-reload": "half", "restart-lost": "half"}

pytestmark = [pytest.mark.timeout(200), pytest.mark.costly("verify-faults")]


def cases(faults: list[str]) -> list[tuple[str, str]]:
    """Each with the stand-in, and with a real zot where that can show it."""
    found = [(name, kind) for name in faults for kind in KINDS]
    return [(name, kind) for name, kind in found if kind == "stand-in" or named(name).played_by != "stand-in"]


def named(name: str) -> Fault:
    found = fault_named(name)
    assert found is not None, name
    return found


def broken(folder: Path, name: str, kind: str, *words: str, way: Way = at_once) -> Done:
    """What verify says in a world with that fault."""
    with hardened(folder / "world", kind, STATES.get(name, "hardened")) as world:
        named(name).breaks(world.root)
        way(world)
        wait_until_it_answers(f"{world.profile.registry.url}/livez")
        return world.verify("--json", *words)


def wait_until_it_answers(url: str) -> None:
    """A fault may put something else in the registry's place, which takes a moment to stand there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            Browser().ask(url)
        except OSError:
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize(("fault", "kind"), cases([*RED]))
def test_a_fault_is_named_and_nothing_else_is_red(fault: str, kind: str, tmp_path: Path) -> None:
    way, red = RED[fault]
    done = broken(tmp_path, fault, kind, way=way)
    assert (done.code, set(done.said("failed"))) == (1, red), done.err


@pytest.mark.parametrize(("fault", "kind"), cases([*FINDINGS]))
def test_a_weakness_is_a_finding_which_counts_when_strict(fault: str, kind: str, tmp_path: Path) -> None:
    done = broken(tmp_path, fault, kind, "--strict")
    assert (done.code, done.said("failed")) == (1, [])
    assert [one["name"] for one in done.only["checks"] if one["finding"]] == [FINDINGS[fault]]


@pytest.mark.parametrize(("fault", "kind"), cases([*UNTOLD]))
def test_what_cannot_be_told_is_neither_green_nor_red(fault: str, kind: str, tmp_path: Path) -> None:
    done = broken(tmp_path, fault, kind)
    assert (done.code, done.said("failed"), set(done.said("unknown"))) == (5, [], UNTOLD[fault])


@pytest.mark.parametrize(("fault", "kind"), cases([*ON_REQUEST]))
def test_what_only_shows_when_it_is_tried_is_named_then(fault: str, kind: str, tmp_path: Path) -> None:
    words, red = ON_REQUEST[fault]
    done = broken(tmp_path, fault, kind, *words)
    assert (done.code, done.said("failed")) == (1, [red])


def test_every_fault_of_the_registry_and_of_its_rules_is_shown_to_verify() -> None:
    shown = {*RED, *FINDINGS, *UNTOLD, *ON_REQUEST, *ELSEWHERE}
    assert [fault.name for fault in (*rules.FAULTS, *registry.FAULTS) if fault.name not in shown] == []

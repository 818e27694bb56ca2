"""`argocd`: app sync, get, wait, diff, get-resource; account; relogin; version (facts: argocd.md)."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Callable

from zotops.lab.cluster import as_resource, blueprint_at, bring, compare, revision_of, stamp
from zotops.lab.executables.argocd_session import (
    Fatal,
    can_i,
    format_of,
    need_sign_in,
    parse,
    sign_in_again,
    user_info,
    version,
)
from zotops.lab.executables.call import Call, NotImplementedHere, Words, complain, say
from zotops.lab.provider.blueprint import KEY
from zotops.lab.state import Document

API_ERROR = 20
SYNC_TAKES = 0.2
HEALTHY_AFTER = 0.3


def main(call: Call) -> int:
    """Answer as `argocd` does; 0, 1 for a negative result, 20 for an error of the API."""
    for name, command in COMMANDS.items():
        if call.words[: len(name)] == list(name):
            try:
                return command(call, call.words[len(name) :])
            except Fatal as problem:
                complain(json.dumps({"level": "fatal", "msg": str(problem), "time": stamp(time.time())}))
                return API_ERROR
    raise NotImplementedHere(" ".join(call.words[:2]))


def _named(call: Call, given: Words) -> str:
    if len(given.alone) != 1:
        raise NotImplementedHere("other than one application")
    name = given.alone[0].rpartition("/")[2]
    if name not in call.state.read("cluster")["applications"]:
        raise Fatal("rpc error: code = PermissionDenied desc = permission denied")
    return name


def _head(call: Call, world: Document) -> str:
    """The commit that Argo CD takes for the branch's newest; a fault lets its copy of the repository lag behind."""
    return revision_of(world, behind=1 if call.quirks().get("sync_to_other_commit") else 0)


def _refresh(call: Call, name: str) -> None:
    world = call.world()
    with call.state.edit("cluster") as document:
        compare(document, world, name, _head(call, world))


def _sync(call: Call, words: list[str]) -> int:
    given = parse(words, flags=("--prune", "--async"), values=("--timeout", "--revision"))
    need_sign_in(call)
    name, world = _named(call, given), call.world()
    try:
        revision = (
            revision_of(world, given.options["--revision"]) if "--revision" in given.options else _head(call, world)
        )
    except LookupError as missing:
        raise Fatal(f"rpc error: code = FailedPrecondition desc = unable to resolve '{missing}' to a commit") from None
    started = time.time()
    time.sleep(SYNC_TAKES)
    with call.state.edit("cluster") as document:
        application, now = document["applications"][name], time.time()
        application["operation"] = {
            "phase": "Succeeded",
            "revision": revision,
            "started_at": started,
            "finished_at": now,
        }
        if name == world["names"]["argocd_app"]:
            bring(document, world, revision)
        if newer := call.quirks().get("somebody_syncs_newer"):
            _somebody_else_syncs(document, name, newer, now)
        application["healthy_at"] = now + HEALTHY_AFTER
        compare(document, world, name, revision)
    _show(call, given, name)
    return 0


def _somebody_else_syncs(document: Document, name: str, revision: str, at: float) -> None:
    """A fault: another person syncs to a commit of a branch of theirs, right behind this one."""
    last = document["applications"][name]["operation"]
    last.update(revision=revision, started_at=at, finished_at=at)


def _get(call: Call, words: list[str]) -> int:
    given = parse(words, flags=("--refresh", "--hard-refresh"), values=("--timeout",))
    need_sign_in(call, reading=True)
    name = _named(call, given)
    if {"--refresh", "--hard-refresh"} & given.options.keys():
        _refresh(call, name)
    _show(call, given, name)
    return 0


def _resource(call: Call, name: str) -> Document:
    stuck = bool(call.quirks().get("stuck_progressing"))
    return as_resource(call.state.read("cluster"), call.world(), name, stuck=stuck)


def _show(call: Call, given: Words, name: str) -> None:
    found = _resource(call, name)
    if format_of(given) == "json":
        say(json.dumps(found, indent=2))
        return
    status = found["status"]
    rows = {
        "Name": f"argocd/{name}",
        "Project": found["spec"]["project"],
        "Repo": found["spec"]["source"]["repoURL"],
        "Target": found["spec"]["source"]["targetRevision"],
        "Sync Status": f"{status['sync']['status']} to {status['sync']['revision'][:7]}",
        "Health Status": status["health"]["status"],
    }
    say("\n".join(f"{title + ':':<20}{value}" for title, value in rows.items()))


def _wait(call: Call, words: list[str]) -> int:
    given = parse(words, flags=("--health", "--sync", "--operation"), values=("--timeout",))
    need_sign_in(call)
    name = _named(call, given)
    limit = float(given.options.get("--timeout", "0")) or float("inf")
    end = time.monotonic() + limit
    while not _reached(_resource(call, name), given):
        if time.monotonic() > end:
            raise Fatal(f'timed out ({limit:.0f}s) waiting for app "{name}" match desired state')
        time.sleep(0.05)
    _show(call, given, name)
    return 0


def _reached(found: Document, given: Words) -> bool:
    asked = {"--health", "--sync", "--operation"} & given.options.keys() or {"--health", "--sync", "--operation"}
    status = found["status"]
    healthy = "--health" not in asked or status["health"]["status"] == "Healthy"
    synced = "--sync" not in asked or status["sync"]["status"] == "Synced"
    return healthy and synced and "operation" not in found


def _diff(call: Call, words: list[str]) -> int:
    given = parse(words, flags=("--refresh", "--hard-refresh"), values=("--revision",))
    need_sign_in(call)
    name, world = _named(call, given), call.world()
    names = world["names"]
    if name != names["argocd_app"]:
        return 0
    live = call.state.read("cluster")["configmaps"][names["configmap"]]["data"][KEY].splitlines()
    wanted = blueprint_at(world, revision_of(world, given.options.get("--revision", "")) or "").splitlines()
    lines = list(difflib.unified_diff(live, wanted, "live", "desired", lineterm=""))
    if lines:
        say("\n".join([f"===== /ConfigMap {names['namespace']}/{names['configmap']} ======", *lines]))
    return 1 if lines else 0


def _get_resource(call: Call, words: list[str]) -> int:
    given = parse(words, values=("--kind", "--resource-name", "--namespace", "--group", "--project"))
    need_sign_in(call, reading=True)
    name, world = _named(call, given), call.world()
    if format_of(given) != "json":
        raise NotImplementedHere("get-resource without -o json")
    found = call.state.read("cluster")["configmaps"].get(given.options.get("--resource-name"))
    # No match prints nothing and exits 0.
    if found and given.options.get("--kind") == "ConfigMap" and name == world["names"]["argocd_app"]:
        say(json.dumps(configmap(given.options["--resource-name"], found), indent=2))
    return 0


def configmap(name: str, found: Document) -> Document:
    """A ConfigMap of the cluster's document as Kubernetes shows it."""
    head = {"apiVersion": "v1", "kind": "ConfigMap"}
    return {**head, "metadata": {"name": name, "namespace": found["namespace"]}, "data": found["data"]}


COMMANDS: dict[tuple[str, ...], Callable[[Call, list[str]], int]] = {
    ("app", "sync"): _sync,
    ("app", "get"): _get,
    ("app", "wait"): _wait,
    ("app", "diff"): _diff,
    ("app", "get-resource"): _get_resource,
    ("account", "get-user-info"): user_info,
    ("account", "whoami"): user_info,
    ("account", "can-i"): can_i,
    ("relogin",): sign_in_again,
    ("version",): version,
}

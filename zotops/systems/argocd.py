"""ArgoCD's command line: the state of one application, its live objects, and a sync."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zotops.errors import Unreachable
from zotops.model import Fact
from zotops.profile import Profile
from zotops.systems.moments import moment
from zotops.world import Finished, World

# The commit that this run synced the application to.
SYNCED_COMMIT = Fact("synced-commit")

PATIENCE = 60.0
# Exit code of `argocd` for an API or connection error, a time-out included.
NO_ANSWER = 20


@dataclass(frozen=True, kw_only=True)
class App:
    """The fields of an Application that tell whether it is in force; empty where ArgoCD left one out: not proven."""

    target_revision: str = ""
    repository: str = ""
    sync: str = ""
    revision: str = ""
    health: str = ""
    phase: str = ""
    message: str = ""
    started: datetime | None = None
    finished: datetime | None = None
    reconciled: datetime | None = None
    synced_revision: str = ""
    operation_pending: bool = False
    errors: tuple[str, ...] = ()

    @property
    def compared_afterwards(self) -> bool:
        """Whether live state was compared with git after the last operation had ended."""
        return self.finished is not None and self.reconciled is not None and self.finished <= self.reconciled


def parse_app(document: Any) -> App:  # a JSON value
    """The wanted fields of an Application object; anything absent stays empty."""
    operation_state = _at(document, "status", "operationState")
    conditions = _at(document, "status", "conditions")
    kinds = [_text(each, "type") for each in conditions] if isinstance(conditions, list) else []
    return App(
        target_revision=_text(document, "spec", "source", "targetRevision"),
        repository=_text(document, "spec", "source", "repoURL"),
        sync=_text(document, "status", "sync", "status"),
        revision=_text(document, "status", "sync", "revision"),
        health=_text(document, "status", "health", "status"),
        phase=_text(operation_state, "phase"),
        message=_text(operation_state, "message"),
        started=moment(_text(operation_state, "startedAt")),
        finished=moment(_text(operation_state, "finishedAt")),
        reconciled=moment(_text(document, "status", "reconciledAt")),
        synced_revision=_text(operation_state, "syncResult", "revision"),
        operation_pending=bool(_at(document, "operation")),
        errors=tuple(kind for kind in kinds if kind.endswith("Error")),
    )


def read_app(world: World, profile: Profile) -> App:
    """The application as it is now, compared anew: without a refresh the server may show the commit of minutes ago."""
    app = profile.argocd.app
    done = _argocd(world, profile, "app", "get", app, "-o", "json", "--refresh")
    if done.code != 0:
        raise Unreachable(
            f"argocd app get {app} ended with {done.code}: {last_line(done)}",
            remedy=f"is there an app {app}, and may you see it? ArgoCD answers both with the same words",
        )
    return parse_app(_json(done, f"argocd app get {app}"))


def start_sync(world: World, profile: Profile) -> Finished:
    """`argocd app sync`, which waits for the operation. Exit 0: it succeeded; 1: it failed; 20: no answer."""
    limit = profile.argocd.patience
    words = ("app", "sync", profile.argocd.app, "-o", "json", "--timeout", str(int(limit)))
    return _argocd(world, profile, *words, timeout=limit + PATIENCE)


def read_configmap(world: World, profile: Profile, name: str, key: str) -> bytes | None:
    """One key's bytes of a live ConfigMap of the application; None when it is not there (needs ArgoCD 3.2)."""
    app = profile.argocd.app
    words = ("app", "get-resource", app, "--kind", "ConfigMap", "--resource-name", name, "-o", "json")
    done = _argocd(world, profile, *words)
    if done.code != 0:
        raise Unreachable(f"argocd app get-resource {app} ended with {done.code}: {last_line(done)}")
    if not done.out.strip():  # no such object: prints nothing and exits 0
        return None
    text = _at(_json(done, f"argocd app get-resource {app}"), "data", key)
    return text.encode() if isinstance(text, str) else None


def is_signed_in(world: World, profile: Profile) -> bool:
    """Whether the server knows who we are; the exit code says nothing, it is 0 in either case."""
    done = _argocd(world, profile, "account", "get-user-info", "-o", "json")
    if done.code != 0:
        raise Unreachable(f"argocd account get-user-info ended with {done.code}: {last_line(done)}")
    return _at(_json(done, "argocd account get-user-info"), "loggedIn") is True


def may_sync(world: World, profile: Profile) -> bool:
    """Whether we may sync the application; the exit code is 0 for both answers."""
    what = f"{profile.argocd.project}/{profile.argocd.app}"
    done = _argocd(world, profile, "account", "can-i", "sync", "applications", what)
    answer = done.out.strip()
    if done.code != 0 or answer not in {"yes", "no"}:
        raise Unreachable(f"argocd account can-i sync applications {what} ended with {done.code}: {last_line(done)}")
    return answer == "yes"


def last_line(done: Finished) -> str:
    """The last line that a program complained with."""
    lines = (done.err.strip() or done.out.strip()).splitlines()
    return lines[-1][:200] if lines else "it said nothing"


def _argocd(world: World, profile: Profile, *words: str, timeout: float = PATIENCE) -> Finished:
    return world.programs.run(("argocd", *words, *profile.argocd.arguments), timeout=timeout)


def _json(done: Finished, what: str) -> Any:  # a JSON value
    try:
        return json.loads(done.out)
    except ValueError as error:
        raise Unreachable(f"{what} printed something that is not JSON", remedy="run it yourself and look") from error


def _at(document: Any, *path: str) -> Any:  # a JSON value
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _text(document: Any, *path: str) -> str:
    value = _at(document, *path)
    return value if isinstance(value, str) else ""

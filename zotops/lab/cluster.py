"""The practice cluster's document: what Argo CD has synced, the ConfigMaps, and the files that the worker sees."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zotops.lab.provider.blueprint import KEY, text_of
from zotops.lab.state import Document

MANIFEST = "argocd/manifests/authentik/configmap-blueprint.yaml"
LAG = 0.3  # seconds until a synced ConfigMap shows as a file in the worker
OTHER_APPLICATIONS = ("apps", "forgejo-runner", "grafana")


def first_cluster(world: Document, *, deployed: bool) -> Document:
    """The cluster before anybody did anything: synced to the newest commit if `deployed`, else to the one before."""
    names = world["names"]
    revision = revision_of(world, behind=0 if deployed else 1)
    document: Document = {"applications": {}, "configmaps": {}, "worker_files": {}}
    for name in (names["argocd_app"], *OTHER_APPLICATIONS):
        document["applications"][name] = _application(name, revision)
    bring(document, world, revision)
    for file in document["worker_files"].values():
        file["visible_at"] = 0
    head = revision_of(world)
    compare(document, world, names["argocd_app"], head)
    return document


def _application(name: str, revision: str) -> Document:
    before = time.time() - 86400
    return {
        "name": name,
        "path": f"argocd/manifests/{name}",
        "compared_with": revision,
        "sync": "Synced",
        "reconciled_at": before,
        "healthy_at": before,
        "operation": {"phase": "Succeeded", "revision": revision, "started_at": before, "finished_at": before},
    }


def revision_of(world: Document, revision: str = "", *, behind: int = 0) -> str:
    """Full id of a commit at the forge, the branch's newest by default; LookupError when there is none."""
    name = f"{revision or world['names']['branch']}~{behind}" if behind else revision or world["names"]["branch"]
    done = _git(world, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if done.returncode:
        raise LookupError(name)
    return done.stdout.strip()


def blueprint_at(world: Document, revision: str) -> str:
    """The blueprint in the ConfigMap's manifest of that commit."""
    return text_of(_git(world, "cat-file", "blob", f"{revision}:{MANIFEST}").stdout)


def bring(document: Document, world: Document, revision: str) -> None:
    """Put the commit's ConfigMap into the cluster; the worker sees the file a little later."""
    names, text = world["names"], blueprint_at(world, revision)
    document["configmaps"][names["configmap"]] = {"namespace": names["namespace"], "data": {KEY: text}}
    path = names["blueprint_path"]
    if document["worker_files"].get(path, {}).get("text") != text:
        document["worker_files"][path] = {"text": text, "visible_at": time.time() + LAG}


def compare(document: Document, world: Document, name: str, revision: str) -> None:
    """Note whether the cluster holds what the commit says, as Argo CD's refresh does."""
    application = document["applications"][name]
    live = document["configmaps"][world["names"]["configmap"]]["data"][KEY]
    same = name != world["names"]["argocd_app"] or live == blueprint_at(world, revision)
    application.update(compared_with=revision, sync="Synced" if same else "OutOfSync", reconciled_at=time.time())


def as_resource(document: Document, world: Document, name: str, *, stuck: bool = False) -> dict[str, Any]:
    """The Application object as Argo CD's API shows it; empty fields are left out."""
    application = document["applications"][name]
    names, operation = world["names"], application["operation"]
    source = {
        "repoURL": f"{world['root']}/forge/{names['repo']}.git",
        "path": application["path"],
        "targetRevision": application.get("target_revision", names["branch"]),
    }
    destination = {"server": "https://kubernetes.default.svc", "namespace": names["namespace"]}
    healthy = not stuck and application["healthy_at"] <= time.time()
    state = {
        "operation": {"sync": {"revision": operation["revision"]}},
        "phase": operation["phase"],
        "message": "successfully synced (all tasks run)",
        "startedAt": stamp(operation["started_at"]),
        "finishedAt": stamp(operation["finished_at"]),
        "syncResult": {"revision": operation["revision"], "source": source},
    }
    return {
        "metadata": {"name": name, "namespace": "argocd", "uid": f"practice-{name}"},
        "spec": {"project": names["argocd_project"], "source": source, "destination": destination},
        "status": {
            "sync": {
                "status": application["sync"],
                "revision": application["compared_with"],
                "comparedTo": {"source": source, "destination": destination},
            },
            "health": {"status": "Healthy" if healthy else "Progressing"},
            "operationState": state,
            "reconciledAt": stamp(application["reconciled_at"]),
            "sourceType": "Directory",
        },
    }


def stamp(moment: float) -> str:
    """A time as Kubernetes writes it: whole seconds, UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _git(world: Document, *words: str) -> subprocess.CompletedProcess[str]:
    bare = Path(world["root"]) / "forge" / f"{world['names']['repo']}.git"
    command = [world["git"], f"--git-dir={bare}", *words]
    return subprocess.run(command, env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

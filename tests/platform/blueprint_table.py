"""ArgoCD as a script, and the identity provider's blueprint as lines of a table: the same text at three places."""

import hashlib
import json
from pathlib import Path

from tests.systems.outside import Table

TEXT = "version: 1\n"
# What `argocd` prints; a sync prints nothing and ends with the code that a test has written.
ARGOCD = """
case "$2" in
    get) cat {folder}/app.json ;;
    get-resource) cat {folder}/configmap.json ;;
    sync) cat {folder}/said >&2; exit "$(cat {folder}/code)" ;;
esac
"""


def argocd(folder: Path) -> str:
    """The script; the text is deployed, and a sync succeeds."""
    deployed(folder, TEXT)
    sync_ends(folder, 0)
    return ARGOCD.format(folder=folder)


def sync_ends(folder: Path, code: int, said: str = "") -> None:
    (folder / "said").write_text(said)
    (folder / "code").write_text(str(code))


def deployed(folder: Path, text: str | None) -> None:
    """The live ConfigMap's text; None: there is no such key in it."""
    data = {} if text is None else {"zot.yaml": text}
    (folder / "configmap.json").write_text(json.dumps({"data": data}))


def blueprint(*, worker: str | None = TEXT, applied: str = TEXT, status: str = "successful") -> Table:
    """What the provider says of the texts at the worker and in force."""
    known = {"pk": "1", "path": "custom/zot.yaml", "status": status, "last_applied_hash": digest(applied)}
    files = [{"path": "other.yaml", "hash": "0"}]
    if worker is not None:
        files.append({"path": "custom/zot.yaml", "hash": digest(worker)})
    list_of_them = "GET /api/v3/managed/blueprints/?path=custom%2Fzot.yaml&page=1&page_size=100"
    return {
        list_of_them: (200, {"pagination": {"next": 0}, "results": [known]}),
        "GET /api/v3/managed/blueprints/available/": (200, files),
    }


def digest(text: str) -> str:
    return hashlib.sha512(text.encode()).hexdigest()

"""Issues of a repository: listed and opened, as far as a watch over the key needs them."""

from __future__ import annotations

import time

from zotops.lab.forge.access import RefusalError, repository_for
from zotops.lab.forge.asking import Answer, Ask, caller_in
from zotops.lab.forge.documents import Document, Forge, time_text
from zotops.lab.forge.views import user_view

CREATED = 201


def listed(forge: Forge, ask: Ask) -> Answer:
    """GET /repos/{owner}/{repo}/issues?state=&type=&page=&limit=: newest first, open ones unless told otherwise."""
    document = forge.read()
    caller = caller_in(ask, document, "issue")
    repository_for(document, caller, ask.full_name)
    state = ask.last("state", "open")
    found = [issue for issue in _of(document, ask.full_name) if state in ("all", issue["state"])]
    wanted = [] if ask.last("type") == "pulls" else sorted(found, key=lambda issue: issue["number"], reverse=True)
    rows = [_view(forge, document, ask.full_name, issue) for issue in wanted[ask.page()]]
    return Answer(body=rows, headers={"X-Total-Count": str(len(wanted))})


def create(forge: Forge, ask: Ask) -> Answer:
    """POST /repos/{owner}/{repo}/issues: whoever may read the repository may open one."""
    document = forge.read()
    caller = caller_in(ask, document, "issue")
    caller.require_token()
    repository_for(document, caller, ask.full_name)
    sent = ask.document()
    title = sent.get("title")
    if not isinstance(title, str) or not title:
        raise RefusalError(422, "[Title]: Required")
    with forge.state.edit("forge") as document:
        issues = document.setdefault("issues", {}).setdefault(ask.full_name, [])
        now = time.time()
        issue = {
            "number": len(issues) + 1,
            "title": title,
            "body": str(sent.get("body") or ""),
            "state": "open",
            "user": caller.login,
            "created": now,
        }
        issues.append(issue)
    return Answer(status=CREATED, body=_view(forge, document, ask.full_name, issue))


def _of(document: Document, full_name: str) -> list[Document]:
    found: list[Document] = document.get("issues", {}).get(full_name, [])
    return found


def _view(forge: Forge, document: Document, full_name: str, issue: Document) -> Document:
    """An issue as answers show it; of its fields those that somebody asks for."""
    path = f"{full_name}/issues/{issue['number']}"
    return {
        "id": 1000 + issue["number"],
        "number": issue["number"],
        "url": f"{forge.url}/api/v1/repos/{path}",
        "html_url": f"{forge.url}/{path}",
        "title": issue["title"],
        "body": issue["body"],
        "state": issue["state"],
        "user": user_view(forge, document, issue["user"]),
        "created_at": time_text(issue["created"]),
        "updated_at": time_text(issue["created"]),
        "closed_at": None,
        "comments": 0,
        "pull_request": None,
    }

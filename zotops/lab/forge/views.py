"""The reading calls that are not about Actions: version, user, repository, commits and files."""

from __future__ import annotations

from zotops.lab.forge.access import NOT_FOUND, Caller, RefusalError, may
from zotops.lab.forge.asking import Answer, Ask, caller_in, open_repository
from zotops.lab.forge.documents import Document, Forge
from zotops.lab.forge.repository import Commit, Repository


def version(forge: Forge, ask: Ask) -> Answer:
    """GET /version."""
    del ask
    return Answer(body={"version": forge.read()["version"]})


def user(forge: Forge, ask: Ask) -> Answer:
    """GET /user: needs read:user, which a token for repositories alone does not have."""
    document = forge.read()
    caller = caller_in(ask, document, "user")
    caller.require_token()
    return Answer(body=user_view(forge, document, caller.login))


def repository(forge: Forge, ask: Ask) -> Answer:
    """GET /repos/{owner}/{repo}."""
    _, caller, found = open_repository(forge, ask)
    return Answer(body=repository_view(forge, ask.full_name, found, caller))


def commits(forge: Forge, ask: Ask) -> Answer:
    """GET /repos/{owner}/{repo}/commits?sha=&path=&page=&limit=: newest first."""
    _, _, found = open_repository(forge, ask)
    git = git_of(forge, found)
    start = git.commit_of(ask.last("sha") or found["default_branch"])
    if start is None:
        raise RefusalError(404, NOT_FOUND)
    part, path = ask.page(), ask.last("path")
    listed = git.commits(start[0], limit=part.stop - part.start, skip=part.start, path=path)
    total = git.count_commits(start[0], path)
    headers = {"X-Total-Count": str(total), "X-HasMore": str(part.stop < total).lower()}
    return Answer(body=[_commit_view(forge, ask.full_name, commit) for commit in listed], headers=headers)


def raw(forge: Forge, ask: Ask) -> Answer:
    """GET /repos/{owner}/{repo}/raw/{path}?ref=: a file's content as it is."""
    _, _, found = open_repository(forge, ask)
    git = git_of(forge, found)
    at = git.commit_of(ask.last("ref") or found["default_branch"])
    content = git.file_at(at[0], ask.path["file"]) if at else None
    if content is None:
        raise RefusalError(404, NOT_FOUND)
    return Answer(content=content)


def git_of(forge: Forge, found: Document) -> Repository:
    """The bare repository behind a document of forge.json."""
    return Repository(forge.world / found["git"])


def user_view(forge: Forge, document: Document, login: str) -> Document:
    """A user as answers show it."""
    known = document["users"][login]
    return {"id": known["id"], "login": login, "is_admin": known["is_admin"], "html_url": f"{forge.url}/{login}"}


def repository_view(forge: Forge, full_name: str, found: Document, caller: Caller) -> Document:
    """A repository as answers show it, with what the caller may do there."""
    rights = {"admin": "owner", "push": "write", "pull": "read"}
    return {
        "id": found["id"],
        "name": full_name.partition("/")[2],
        "full_name": full_name,
        "private": found["private"],
        "archived": found["archived"],
        "has_actions": found["has_actions"],
        "default_branch": found["default_branch"],
        "html_url": f"{forge.url}/{full_name}",
        "permissions": {name: may(caller, full_name, found, right) for name, right in rights.items()},
    }


def _commit_view(forge: Forge, full_name: str, commit: Commit) -> Document:
    api = f"{forge.url}/api/v1/repos/{full_name}/git"
    created = commit.committer[2]
    return {
        "url": f"{api}/commits/{commit.sha}",
        "sha": commit.sha,
        "created": created,
        "html_url": f"{forge.url}/{full_name}/commit/{commit.sha}",
        "commit": {
            "url": f"{api}/commits/{commit.sha}",
            "author": _person(commit.author),
            "committer": _person(commit.committer),
            "message": commit.message,
            "tree": {"url": f"{api}/trees/{commit.tree}", "sha": commit.tree, "created": created},
        },
        "author": None,
        "committer": None,
        "parents": [{"url": f"{api}/commits/{sha}", "sha": sha, "created": created} for sha in commit.parents],
    }


def _person(person: tuple[str, str, str]) -> Document:
    name, email, date = person
    return {"name": name, "email": email, "date": date}

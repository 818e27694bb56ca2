"""What the stand-ins answer during a whole deployment, held to the published descriptions."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from tests import needs
from tests.acceptance.desk import started
from tests.lab import argocd_description, authentik_description, forgejo_description
from zotops.lab.answers import place_of

DESCRIPTIONS = (argocd_description, authentik_description, forgejo_description)
needs_descriptions = needs.shared(*(description.FILE for description in DESCRIPTIONS))
# No part of the descriptions that we have: pages, redirects, tokens, files and what argocd says of itself.
NOT_DESCRIBED = {
    "GET /api/v1/repos/practice/platform/commits",
    "GET /api/v1/repos/practice/platform/raw/containers/nettest/Dockerfile",
    "GET /application/o/authorize/",
    "GET /application/o/userinfo/",
    "GET /application/o/zot/jwks/",
    "GET /if/flow/default-authentication-flow/",
    "GET /if/user/",
    "POST /application/o/token/",
    "argocd version",
}
# What a deployment surely asks for, and a field by which it judges.
JUDGED_BY = {
    "GET /api/v3/core/users/": "results.0.username",
    "GET /api/v3/core/users/me/": "user.username",
    "GET /api/v3/core/applications/zot/": "pk",
    "GET /api/v3/core/applications/zot/check_access/": "passing",
    "GET /api/v3/managed/blueprints/": "results.0.last_applied_hash",
    "GET /api/v3/managed/blueprints/available/": "0.hash",
    "GET /api/v3/policies/bindings/": "results.0.order",
    "GET /api/v3/propertymappings/provider/scope/": "results.0.scope_name",
    "GET /api/v3/providers/oauth2/": "results.0.redirect_uris",
    "GET /api/v3/providers/oauth2/ID/preview_user/": "preview",
    "GET /api/v3/core/tokens/": "pagination",
    "GET /application/o/zot/.well-known/openid-configuration": "issuer",
    "GET /api/v1/version": "version",
    "GET /api/v1/repos/practice/platform/actions/secrets": "0.name",
    "GET /api/v1/repos/practice/platform/actions/runs": "workflow_runs.0.status",
    "GET /api/v1/repos/practice/platform/actions/runs/ID": "status",
    "POST /api/v1/repos/practice/platform/actions/workflows/build-container.yaml/dispatches": "id",
    "argocd account get-user-info": "loggedIn",
    "argocd app get": "status.sync.revision",
    "argocd app get-resource": "data",
    "argocd app sync": "status.operationState.phase",
}


def answers_of_a_deployment(folder: Path) -> list[dict[str, Any]]:
    with started(folder) as desk:
        assert not place_of(desk.root).exists(), "answers are kept only where it is asked for"
        place_of(desk.root).touch()
        with desk.start("--auto") as run:
            out, err = run.communicate(timeout=240)
        assert run.returncode == 0, f"{out[-2000:]}\n{err}"
        return [json.loads(line) for line in place_of(desk.root).read_text().splitlines()]


def is_described(answer: dict[str, Any]) -> bool:
    """Whether there is a published form for it; fails when the answer does not have that form."""
    if "program" in answer:
        return argocd_description.must_match(answer["argv"], answer["code"], answer["out"])
    what = (answer["method"], answer["path"], answer["status"], answer["body"])
    if answer["server"] == "provider":
        return authentik_description.must_be_as_described(*what)
    return forgejo_description.must_be_as_described(*what)


def call_of(answer: dict[str, Any]) -> str:
    if "program" in answer:
        return " ".join([answer["program"], *answer["argv"][:2]])
    path = re.sub(r"/(\d+|[\da-f-]{32,}|\w{50,})(?=/|$)", "/ID", answer["path"])
    return f"{answer['method']} {path}"


def without(answer: dict[str, Any], field: str) -> dict[str, Any] | None:
    """The answer with that field dropped; None where it has no such field, as in an empty list or a refusal."""
    kept = "out" if "program" in answer else "body"
    document = place = json.loads(answer[kept] or "null")
    *above, name = field.split(".")
    try:
        for each in above:
            place = place[int(each)] if isinstance(place, list) else place[each]
        del place[name]
    except (LookupError, TypeError):
        return None
    return {**answer, kept: json.dumps(document)}


def is_noticed(answer: dict[str, Any]) -> bool:
    try:
        is_described(answer)
    except ValidationError:
        return True
    return False


def dropped(answers: Iterable[dict[str, Any]], call: str, field: str) -> list[dict[str, Any]]:
    return [less for answer in answers if call_of(answer) == call and (less := without(answer, field))]


@pytest.mark.costly("stand-ins")
@pytest.mark.timeout(300)
@needs_descriptions
def test_every_answer_of_a_whole_deployment_has_its_form_and_a_dropped_field_is_noticed(tmp_path: Path) -> None:
    answers = answers_of_a_deployment(tmp_path / "desk")
    assert {call_of(answer) for answer in answers if not is_described(answer)} <= NOT_DESCRIBED
    changed = {call: dropped(answers, call, field) for call, field in JUDGED_BY.items()}
    assert [call for call, found in changed.items() if not found] == [], "not asked for, or without that field"
    assert [call for call, found in changed.items() if not all(map(is_noticed, found))] == [], "nobody noticed"

"""What a blueprint says: its tags, the state of its entries, and the published schema."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, validators

from tests import needs
from tests.lab.provider_world import fresh, make_world
from zotops.lab import provider as stand_in
from zotops.lab.provider import blueprint
from zotops.lab.provider.interpreter import apply
from zotops.lab.provider.tags import BlueprintError

SCHEMA = Path(__file__).parents[3] / "shared" / "data" / "authentik-blueprint-schema.json"


@pytest.fixture
def world(tmp_path: Path) -> dict[str, Any]:
    return make_world(tmp_path / "world", "http://127.0.0.1:2")


def test_objects_that_left_the_file_stay_and_a_user_s_groups_are_replaced(world: dict[str, Any]) -> None:
    document = stand_in.initial(world, "hardened", blueprint.new(world))
    document["users"]["zot-ci"]["groups"].append("admins")
    document["bindings"][1]["enabled"] = False
    applied = apply(document, fresh(blueprint.new(world)))
    assert applied["users"]["zot-ci"]["groups"] == ["artifact-workloads"]
    assert applied["bindings"][1]["enabled"] is True
    assert "zot-ci" in apply(document, blueprint.old(world))["users"]
    assert document["users"]["zot-ci"]["groups"] == ["artifact-workloads", "admins"]


def test_a_group_that_is_not_there_yet_makes_the_binding_fail(world: dict[str, Any]) -> None:
    document = stand_in.initial(world, "open", blueprint.old(world))
    document["bindings"], document["groups"] = [], {}
    with pytest.raises(BlueprintError, match="one of policy, group or user"):
        apply(document, blueprint.old(world))


def test_a_secret_that_is_not_in_the_worker_s_environment_is_an_error(world: dict[str, Any]) -> None:
    document = stand_in.initial(world, "open", blueprint.old(world))
    document["worker"]["environment"] = {}
    with pytest.raises(BlueprintError, match="client_secret"):
        apply(document, blueprint.old(world))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("!Env [NOT_SET, a default]", "a default"),
        ("!Context label", "from the context"),
        ('!Format ["%s-%s", !Env AUTHENTIK_ZOT_CLIENT_SECRET, x]', "the-client-secret-x"),
        ("!If [!Condition [AND, true, false], yes it is, no it is not]", "no it is not"),
        ("!Find [authentik_core.user, [email, alex@example.org]]", "alex"),
        ("!Find [authentik_core.user, [email, nobody@example.org]]", None),
    ],
)
def test_tags_mean_what_they_mean_in_authentik(world: dict[str, Any], written: str, meant: str | None) -> None:
    document = stand_in.initial(world, "hardened", blueprint.new(world))
    head = "version: 1\ncontext: {label: from the context}\nentries:\n"
    entry = (
        f"  - model: authentik_core.user\n    identifiers: {{username: zot-ci}}\n    attrs:\n      name: {written}\n"
    )
    assert apply(document, head + entry)["users"]["zot-ci"]["name"] == meant


@pytest.mark.parametrize(
    ("state", "before", "after"),
    [
        ("present", [], ["temps"]),
        ("created", [], ["temps"]),
        ("must_created", [], ["temps"]),
        ("absent", ["temps"], []),
    ],
)
def test_the_state_of_an_entry_counts(world: dict[str, Any], state: str, before: list[str], after: list[str]) -> None:
    document = stand_in.initial(world, "hardened", blueprint.new(world))
    text = "version: 1\nentries:\n  - model: authentik_core.group\n    state: {}\n    identifiers: {{name: temps}}\n"
    for _ in before:
        document = apply(document, text.format("present"))
    assert [name for name in apply(document, text.format(state))["groups"] if name == "temps"] == after


def test_an_entry_that_must_be_new_is_refused_the_second_time(world: dict[str, Any]) -> None:
    document = stand_in.initial(world, "hardened", blueprint.new(world))
    entry = "  - model: authentik_core.group\n    state: must_created\n    identifiers: {name: admins}\n"
    with pytest.raises(BlueprintError, match="exists already"):
        apply(document, f"version: 1\nentries:\n{entry}")


@pytest.mark.parametrize("which", [blueprint.old, blueprint.new])
def test_the_config_map_carries_the_text_byte_for_byte(world: dict[str, Any], which: Any) -> None:
    text = which(world)
    manifest = blueprint.configmap(text)
    assert blueprint.text_of(manifest) == text == yaml.safe_load(manifest)["data"]["zot.yaml"]
    with pytest.raises(ValueError, match=r"zot\.yaml"):
        blueprint.text_of("kind: ConfigMap\n")


class Reference(str):
    """A tagged value: what it will be is known only once it is resolved, so it passes as every type."""

    __slots__ = ()


class Plain(yaml.SafeLoader):
    """A reader of blueprints that only keeps the places of tags."""


Plain.add_multi_constructor("!", lambda _loader, suffix, _node: Reference(suffix))


@needs.shared(SCHEMA)
@pytest.mark.parametrize("which", [blueprint.old, blueprint.new])
def test_both_blueprints_follow_the_published_schema(world: dict[str, Any], which: Any) -> None:
    schema = json.loads(SCHEMA.read_text())
    found = Plain(which(world)).get_single_data()
    Draft7Validator(schema).validate({**found, "entries": []})
    kinds = ("array", "boolean", "integer", "number", "object", "string")
    checker = Draft7Validator.TYPE_CHECKER
    lenient = checker.redefine_many(
        {
            kind: lambda _own, value, kind=kind: isinstance(value, Reference) or checker.is_type(value, kind)
            for kind in kinds
        }
    )
    judge = validators.extend(Draft7Validator, type_checker=lenient)
    for entry in found["entries"]:
        (shape,) = [row for row in schema["$defs"]["blueprint_entry"]["oneOf"] if _model_of(row) == entry["model"]]
        judge({**shape, "additionalProperties": False, "$defs": schema["$defs"]}).validate(entry)
        known = schema["$defs"][f"model_{entry['model']}"]["properties"]
        assert not (entry["identifiers"] | entry["attrs"]).keys() - known.keys()


def _model_of(shape: dict[str, Any]) -> str:
    return str(shape["properties"]["model"]["const"])

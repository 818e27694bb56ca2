import json
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.practice_world import Done, Practice, laid_out
from zotops.lab import vault

STAMPED = re.compile(r"\[ERROR\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
SHARED, VAULT = "forgejosecretsid0000000000", "practicevaultid00000000000"
KEY = f"op://{VAULT}/{SHARED}/zot-ci-api"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    return laid_out(tmp_path_factory.mktemp("op") / "world")


@pytest.fixture
def practice(made: Practice, tmp_path: Path) -> Iterator[Practice]:
    kept = tmp_path / "vault.json"
    shutil.copy(made.root / "state" / "vault.json", kept)
    yield made
    shutil.copy(kept, made.root / "state" / "vault.json")
    made.quirk("op")


def item(practice: Practice, name: str = SHARED) -> dict[str, Any]:
    done = practice.run("op", "item", "get", name, "--vault", VAULT, "--format", "json", "--reveal")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def with_value(found: dict[str, Any], label: str, value: str) -> str:
    fields = [{**field, "value": value} if field["label"] == label else field for field in found["fields"]]
    return json.dumps({**found, "fields": fields})


def error(done: Done) -> str:
    """The text of an answer that op refuses with: exit 1, nothing on stdout, a stamped line."""
    assert (done.code, done.out) == (1, "")
    assert STAMPED.match(done.err)
    return STAMPED.sub("", done.err).rstrip("\n")


def test_read_prints_the_value_and_a_newline_that_an_option_leaves_out(practice: Practice) -> None:
    assert practice.run("op", "read", KEY) == Done(0, "unset\n", "")
    assert practice.run("op", "read", KEY, "-n") == Done(0, "unset", "")
    assert practice.run("op", "read", "--no-newline", KEY) == Done(0, "unset", "")


@pytest.mark.parametrize(
    "reference",
    [KEY, "op://practice/Forgejo Secrets/zot-ci-api", "op://PRACTICE/forgejo secrets/ZOT-CI-API"],
)
def test_references_may_use_titles_in_any_case(practice: Practice, reference: str) -> None:
    assert practice.run("op", "read", reference).out == "unset\n"


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("op://none/x/y", '"none" isn\'t a vault in this account. Specify the vault with its ID or name.'),
        (
            f"op://{VAULT}/gone/y",
            '"gone" isn\'t an item in the "practice" vault. Specify the item with its UUID, name, or domain.',
        ),
        (f"op://{VAULT}/{SHARED}/gone", f"item '{VAULT}/{SHARED}' does not have a field 'gone'"),
        ("op://a/b/c/d/e", "too many '/': secret references should match op://<vault>/<item>[/<section>]/<field>"),
    ],
)
def test_what_cannot_be_read_exits_1_and_says_why(practice: Practice, reference: str, text: str) -> None:
    assert error(practice.run("op", "read", reference)) == f"could not read secret '{reference}': {text}"


def test_two_items_of_one_title_are_listed_with_their_ids(practice: Practice) -> None:
    holder = {"id": VAULT, "name": "practice"}
    with practice.state.edit("vault") as document:
        twin = vault.new_item(item="twin", title="Forgejo Secrets", vault=holder, fields={})
        document["items"]["twin"] = twin
    assert error(practice.run("op", "item", "get", "Forgejo Secrets", "--vault", VAULT, "--format", "json")) == (
        'More than one item matches "Forgejo Secrets". Try again and specify the item by its ID:\n'
        f'\t* for the item "Forgejo Secrets" in vault practice: {SHARED}\n'
        '\t* for the item "Forgejo Secrets" in vault practice: twin'
    )
    assert item(practice)["id"] == SHARED


def test_get_shows_the_whole_item_with_its_values(practice: Practice) -> None:
    found = item(practice)
    assert found.keys() >= {"id", "title", "version", "vault", "category", "created_at", "updated_at", "fields"}
    (field,) = [field for field in found["fields"] if field["label"] == "zot-ci-api"]
    assert field["type"] == "CONCEALED"
    assert field["value"] == "unset"
    assert field["reference"] == "op://practice/Forgejo Secrets/zot-ci-api"


def test_human_output_hides_what_is_concealed(practice: Practice) -> None:
    shown = practice.run("op", "item", "get", SHARED, "--vault", VAULT)
    assert "zot-ci-api:" in shown.out
    assert "unset" not in shown.out


def test_an_edit_by_json_on_a_pipe_replaces_the_item(practice: Practice) -> None:
    before = item(practice)
    done = practice.run(
        "op", "item", "edit", SHARED, "--vault", VAULT, feed=with_value(before, "zot-ci-api", "zak_new")
    )
    assert done.code == 0
    assert "zak_new" not in done.out
    after = item(practice)
    assert after["version"] == before["version"] + 1
    changed = [new["label"] for old, new in zip(before["fields"], after["fields"], strict=True) if old != new]
    assert changed == ["zot-ci-api"]
    assert practice.run("op", "read", KEY).out == "zak_new\n"


def test_a_field_sent_without_value_is_emptied_and_one_not_sent_is_gone(practice: Practice) -> None:
    before = item(practice)
    fields = [
        {key: value for key, value in field.items() if key != "value" or field["label"] != "runner_reg"}
        for field in before["fields"]
        if field["label"] != "internal-token"
    ]
    practice.run("op", "item", "edit", SHARED, "--vault", VAULT, feed=json.dumps({**before, "fields": fields}))
    values = {field["label"]: field["value"] for field in item(practice)["fields"]}
    assert values["runner_reg"] == ""
    assert "internal-token" not in values
    assert values["api-token"] == practice.world["secrets"]["forge_token"]


def test_a_new_field_is_made_by_its_label(practice: Practice) -> None:
    found = item(practice)
    found["fields"].append({"label": "fresh", "type": "CONCEALED", "value": "value"})
    practice.run("op", "item", "edit", SHARED, "--vault", VAULT, feed=json.dumps(found))
    assert practice.run("op", "read", f"op://{VAULT}/{SHARED}/fresh").out == "value\n"


@pytest.mark.parametrize("words", [(), ("zot-ci-api[password]=-",)])
@pytest.mark.parametrize("feed", ["zak_0123456789abcdef0123456789abcdef", "", "[]"])
def test_a_pipe_without_a_json_item_is_refused_and_changes_nothing(
    practice: Practice, words: tuple[str, ...], feed: str
) -> None:
    before = item(practice)
    done = practice.run("op", "item", "edit", SHARED, "--vault", VAULT, *words, feed=feed)
    assert error(done) == "unable to process line 1: invalid JSON in piped input"
    assert item(practice) == before


@pytest.mark.parametrize("kind", ["socket", "null", "file"])
def test_without_a_real_pipe_the_json_is_ignored_and_the_exit_is_still_0(practice: Practice, kind: str) -> None:
    before = item(practice)
    text = with_value(before, "zot-ci-api", "zak_new")
    if kind == "socket":
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(text.encode())
            done = practice.run("op", "item", "edit", SHARED, "--vault", VAULT, stdin=theirs)
    elif kind == "file":
        (practice.root / "tmp" / "item.json").write_text(text)
        with (practice.root / "tmp" / "item.json").open() as file:
            done = practice.run("op", "item", "edit", SHARED, "--vault", VAULT, stdin=file)
    else:
        done = practice.run("op", "item", "edit", SHARED, "--vault", VAULT)
    after = item(practice)
    assert (done.code, after["fields"], after["version"]) == (0, before["fields"], before["version"] + 1)
    assert practice.calls("op")[-2]["stdin"] == kind


def test_an_assignment_stores_even_a_dash(practice: Practice) -> None:
    practice.run("op", "item", "edit", SHARED, "--vault", VAULT, "zot-ci-api[password]=-")
    assert practice.run("op", "read", KEY).out == "-\n"


def test_an_assignment_with_escaped_name_makes_a_plain_field(practice: Practice) -> None:
    practice.run("op", "item", "edit", SHARED, "--vault", VAULT, r"a\.b\=c[text]=2027-02-19T00:00:00Z")
    (field,) = [field for field in item(practice)["fields"] if field["label"] == "a.b=c"]
    assert (field["type"], field["value"]) == ("STRING", "2027-02-19T00:00:00Z")


@pytest.mark.parametrize(
    ("quirk", "stored", "other_changed"),
    [("append_newline", "zak_new\n", False), ("forget_write", "unset", False), ("touch_other_field", "zak_new", True)],
)
def test_a_fault_spoils_the_write_and_op_still_exits_0(
    practice: Practice, quirk: str, stored: str, other_changed: bool
) -> None:
    before = item(practice)
    practice.quirk("op", **{quirk: True})
    text = with_value(before, "zot-ci-api", "zak_new")
    assert practice.run("op", "item", "edit", SHARED, "--vault", VAULT, feed=text).code == 0
    old, new = ({field["label"]: field["value"] for field in each["fields"]} for each in (before, item(practice)))
    assert new.pop("zot-ci-api") == stored
    del old["zot-ci-api"]
    assert (old != new) is other_changed


@pytest.mark.parametrize(
    "words", [("read", KEY), ("item", "get", SHARED, "--format", "json"), ("item", "edit", SHARED)]
)
def test_signed_out_nothing_works_but_the_cached_list_and_the_version(
    practice: Practice, words: tuple[str, ...]
) -> None:
    practice.quirk("op", signed_out=True)
    text = "You are not currently signed in. Please run `op signin --help` for instructions"
    assert error(practice.run("op", *words)) == text
    assert error(practice.run("op", "whoami")) == "account is not signed in"
    assert practice.run("op", "vault", "list").out.splitlines()[1].split() == [VAULT, "practice"]
    assert error(practice.run("op", "vault", "list", "--cache=false")) == text
    assert error(practice.run("op", "vault", "list", OP_CACHE="false")) == text
    assert practice.run("op", "--version").out.startswith("2.")


@pytest.mark.parametrize("words", [("item", "create"), ("item", "get", SHARED, "--fields", "x"), ("signout",)])
def test_what_the_practice_world_leaves_out_is_said(practice: Practice, words: tuple[str, ...]) -> None:
    done = practice.run("op", *words)
    assert (done.code, done.out) == (64, "")
    assert done.err.endswith("not implemented by the practice world\n")


def test_every_call_is_recorded_with_its_words_and_surroundings(practice: Practice) -> None:
    practice.run("op", "read", KEY, CANARY="song")
    call = practice.calls("op")[-1]
    assert call["argv"] == ["read", KEY]
    assert call["env"]["CANARY"] == "song"
    assert call["stdin"] == "null"


def test_a_sign_in_opens_a_vault_that_was_signed_out(practice: Practice) -> None:
    practice.quirk("op", signed_out=True, slow=0)
    assert practice.run("op", "read", KEY).code == 1
    assert practice.run("op", "signin") == Done(0, "", "")
    assert practice.run("op", "read", KEY).code == 0
    assert practice.run("op", "signin", "--raw").code == 64

"""The store before an `op` of our own, which does what the practice world's never does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.lab.practice_world import Practice
from tests.secret_stores.practice_vault import FINGERPRINT_KEY, KEY, opened, shared, stored
from zotops.doors import RealPrograms
from zotops.errors import ActionFailed, Stop, Uncertain, Unreachable
from zotops.redaction import Redactor
from zotops.secret_stores.onepassword import OnePassword
from zotops.world import Secret, SecretRef


def in_front(folder: Path, text: str) -> Path:
    (folder / "op").write_text(f"#!{sys.executable} -S\nimport json, os, sys, time\n{text}")
    (folder / "op").chmod(0o755)
    return folder


CHANGES_AT_SECOND_GET = """
world = os.environ["ZOTOPS_LAB_WORLD"]
if sys.argv[1:3] == ["item", "get"]:
    with open("COUNT", "a") as file:
        file.write("x")
    if os.path.getsize("COUNT") == 2:
        path = f"{world}/state/vault.json"
        vault = json.load(open(path))
        vault["items"][sys.argv[3]]["version"] += 1
        json.dump(vault, open(path, "w"))
os.execv(f"{world}/bin/op", ["op", *sys.argv[1:]])
"""


def test_somebody_elses_write_between_the_two_looks_stops_ours(
    practice: Practice, redactor: Redactor, tmp_path: Path
) -> None:
    before = in_front(tmp_path, CHANGES_AT_SECOND_GET.replace("COUNT", str(tmp_path / "count")))
    with pytest.raises(ActionFailed, match="being changed by somebody else"):
        opened(practice, redactor, before=before).write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})
    assert stored(practice, shared(practice)) == "unset"


ANSWERS_EDIT = """
if sys.argv[1:3] == ["item", "edit"]:
    sys.stdin.read()
    DO
os.execv(os.environ["ZOTOPS_LAB_WORLD"] + "/bin/op", ["op", *sys.argv[1:]])
"""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[ERROR] 2026/09/18 12:00:00 unable to process line 1: invalid JSON in piped input", ActionFailed),
        ("[ERROR] 2026/09/18 12:00:00 (403) Forbidden: no write_items", ActionFailed),
        ("[ERROR] 2026/09/18 12:00:00 authorization prompt dismissed, please try again", ActionFailed),
        ("[ERROR] 2026/09/18 12:00:00 Patch: context deadline exceeded", Uncertain),
        ("[ERROR] 2026/09/18 12:00:00 something new", Uncertain),
        ("", Uncertain),
    ],
)
def test_a_refused_edit_is_certain_only_where_the_complaint_is_known(
    practice: Practice, redactor: Redactor, tmp_path: Path, text: str, kind: type[Stop]
) -> None:
    before = in_front(tmp_path, ANSWERS_EDIT.replace("DO", f"sys.exit({text!r})"))
    with pytest.raises(Stop) as caught:
        opened(practice, redactor, before=before).write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})
    assert type(caught.value) is kind
    assert "[ERROR]" not in str(caught.value)
    assert caught.value.remedy


def test_an_edit_that_does_not_come_back_is_uncertain(practice: Practice, redactor: Redactor, tmp_path: Path) -> None:
    before = in_front(tmp_path, ANSWERS_EDIT.replace("DO", "time.sleep(30)"))
    store = opened(practice, redactor, before=before, patience=1.5)
    with pytest.raises(Uncertain, match=r"did not end within 1\.5 s.*approve its prompt"):
        store.write(practice.names["shared_item"], {"zot-ci-api": Secret(KEY)})


def test_an_unknown_complaint_is_shown_without_its_secrets(
    practice: Practice, redactor: Redactor, tmp_path: Path
) -> None:
    redactor.register(Secret("correct horse battery staple"))
    before = in_front(tmp_path, "sys.exit('strange: correct horse battery staple')\n")
    with pytest.raises(Unreachable, match=r"1Password: strange: \[redacted\]: run that command yourself"):
        opened(practice, redactor, before=before).read(shared(practice))


def test_something_that_is_no_item_is_refused(practice: Practice, redactor: Redactor, tmp_path: Path) -> None:
    before = in_front(tmp_path, "print('[]')\n")
    with pytest.raises(Unreachable, match="printed no item"):
        opened(practice, redactor, before=before).fingerprints(practice.names["shared_item"])


def test_an_absent_op_is_named_with_its_remedy(redactor: Redactor, tmp_path: Path) -> None:
    programs = RealPrograms(redactor, search_path=str(tmp_path))
    store = OnePassword(programs=programs, vault="v", redactor=redactor, key=FINGERPRINT_KEY, patience=1)
    with pytest.raises(Unreachable, match="`op` is not installed: install the 1Password CLI, then `op signin`"):
        store.read(SecretRef("item", "field"))

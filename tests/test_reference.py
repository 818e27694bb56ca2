"""The reference pages: every command, key, exit code and fault, made from the code."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from zotops import errors
from zotops.commands.docs import commands_of
from zotops.errors import Stop
from zotops.profile import Part, Profile
from zotops.reference import Command, FaultEntry, Option, commands_page, exit_codes_page, faults_page, profile_page

ROOT = Path(__file__).parents[1]
EXAMPLE = (ROOT / "docs" / "example.toml").read_text(encoding="utf-8")


def parts(kind: type[Part] = Profile, at: str = "") -> dict[str, type[Part]]:
    """Every table of a profile by its dotted name, found without the page's own code."""
    found = {at: kind}
    table = msgspec.inspect.type_info(kind)
    assert isinstance(table, msgspec.inspect.StructType)
    for field in table.fields:
        inner = field.type
        while deeper := getattr(inner, "item_type", None) or getattr(inner, "type", None):
            inner = deeper
        if isinstance(inner, msgspec.inspect.StructType) and issubclass(inner.cls, Part):
            found |= parts(inner.cls, f"{at}.{field.name}" if at else field.name)
    return found


@pytest.fixture(scope="module")
def profile() -> str:
    return profile_page(EXAMPLE)


@pytest.mark.parametrize(("at", "kind"), parts().items(), ids=[at or "top" for at in parts()])
def test_every_key_of_every_table_has_its_row_with_its_meaning(profile: str, at: str, kind: type[Part]) -> None:
    below = re.split(rf"## `\[+{at}\]+`\n", profile)[1 if at else 0].split("\n## ", 1)[0]
    for field in msgspec.structs.fields(kind):
        if f"{at}.{field.name}".strip(".") in parts():
            continue
        row = next(line for line in below.splitlines() if line.startswith(f"| `{field.name}` |"))
        _, _, shown_kind, meaning, default, _ = re.split(r" ?(?<!\\)\| ?", row)
        assert shown_kind in {"text", "number", "yes or no", "list", "table"} or shown_kind.startswith("`")
        assert len(meaning) > 5
        assert (default == "needed") == field.required


def test_a_table_is_headed_as_it_is_written_once_or_repeated(profile: str) -> None:
    assert "## `[registry]`\n" in profile
    assert "## `[[registry.mirrors]]`\n" in profile
    assert "## `[identity_provider.blueprint]`\n" in profile


def test_choices_are_listed_and_defaults_are_shown(profile: str) -> None:
    assert "| `os` | `darwin` or `linux` | its system; launchd has to be there | `darwin` |" in profile
    assert "| `lifetime_days` | number | days from making to expiry | `90` |" in profile
    assert "| `practice` | yes or no | a practice world: every screen says so | false |" in profile
    assert "| `environment` | table | all that a program gets | none |" in profile
    assert "| `scopes` | list | scopes that the registry asks for | `openid, email, profile` |" in profile


def test_the_example_stands_whole_on_the_page(profile: str) -> None:
    assert f"```toml\n{EXAMPLE.strip()}\n```" in profile


def test_every_exit_code_of_a_stop_is_explained_once_and_in_order() -> None:
    page = exit_codes_page()
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    own = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Stop)}
    assert codes == sorted({0, *own})
    assert "| 4 | An action was begun and nobody can tell yet whether it happened. |" in page


def test_exit_codes_of_other_modules_do_not_depend_on_what_was_imported() -> None:
    before = exit_codes_page()
    late = type("Late", (Stop,), {"exit_code": 99})
    assert exit_codes_page() == before
    del late


def test_a_command_is_listed_with_its_options_and_a_bar_in_a_help_ends_no_cell() -> None:
    page = commands_page(
        [
            Command(name="walk", help="Walk it.", options=[Option(flag="--as=...", help="one\n| two")]),
            Command(name="rest", help="Rest.", options=[]),
        ]
    )
    assert "## walk\n\nWalk it.\n\n| option | meaning |\n| --- | --- |\n| `--as=...` | one \\| two |\n" in page
    assert page.endswith("## rest\n\nRest.\n")


def test_every_command_and_option_of_this_project_has_a_help() -> None:
    commands = commands_of(ROOT)
    assert {"deploy", "rehearse", "lab", "report", "runs", "doctor", "docs.render"} <= {c.name for c in commands}
    assert [c.name for c in commands if not c.help] == []
    assert [(c.name, o.flag) for c in commands for o in c.options if not o.help] == []


def test_each_fault_has_its_section_with_its_name_as_anchor() -> None:
    page = faults_page([FaultEntry(name="dark", wrong="No bulb.", noticed="Dark.", check="light", remedy="A bulb.")])
    assert '<a id="dark"></a>\n## dark\n\n**Symptom.** Dark.\n\n**Meaning.** No bulb.' in page
    assert "**Caught by.** The check: light\n\n**Remedy.** A bulb.\n" in page
    assert page.endswith("`./inv rehearse --fault dark`\n")

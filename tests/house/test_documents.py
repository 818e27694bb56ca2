"""The hand-written documents: their links lead somewhere, and the commands they show exist."""

import re
from pathlib import Path

import pytest

import tasks

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    ROOT.glob("docs/**/*.md")
)
LINK = re.compile(r"\]\((?!https?://|#|mailto:)(?P<path>[^)#]+)")
# As typed: `invoke` at the start of a line or of a code span, for the word also stands in prose.
COMMAND = re.compile(r"(?:\./inv|^invoke|(?<=`)invoke) (?P<name>[a-z][a-z.-]*)(?P<options>[^`\n#]*)", re.MULTILINE)
OPTION = re.compile(r"(?<!\S)--[a-z-]+")


def options(name: str) -> set[str]:
    return {flag for argument in tasks.namespace[name].get_arguments() for flag in argument_flags(argument.names)}


def argument_flags(names: tuple[str, ...]) -> set[str]:
    return {f"--{name.replace('_', '-')}" for name in names}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_its_links_lead_somewhere(document: Path) -> None:
    paths = [match["path"] for match in LINK.finditer(document.read_text(encoding="utf-8"))]
    assert [path for path in paths if not (document.parent / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_its_commands_and_their_options_exist(document: Path) -> None:
    unknown = []
    for match in COMMAND.finditer(document.read_text(encoding="utf-8")):
        name = match["name"].rstrip(".")
        if name not in tasks.namespace.task_names:
            unknown.append(name)
        else:
            unknown += sorted(set(OPTION.findall(match["options"])) - options(name))
    assert unknown == []


@pytest.mark.parametrize("name", tasks.namespace.task_names)
def test_the_page_of_commands_names_options_as_they_are_typed(name: str) -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    part = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(--[^`=]+)", part, re.MULTILINE)) == options(name)

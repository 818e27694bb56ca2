"""A Runbook as Markdown; pure. The site and the forge show what the program does, because it is the same text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from zotops.model import Check, Otherwise, Runbook, Step
from zotops.runbooks import CALLED


def page(runbook: Runbook, name: str) -> str:
    """The whole page of a runbook; `name` is its file name, as the command line knows it."""
    parts = [
        f"# {runbook.title}",
        runbook.purpose,
        _how_to_run(name),
        "## What you need",
        "\n".join(f"- {need}" for need in runbook.needs),
        "## The way",
        _way(runbook),
        *step_texts(runbook).values(),
    ]
    return "\n\n".join(parts) + "\n"


def step_texts(runbook: Runbook) -> Mapping[str, str]:
    """Each step's part of the page, by its id."""
    total = len(runbook.steps)
    return {step.id: _step(step, f"step {n} of {total}") for n, step in enumerate(runbook.steps, 1)}


def _how_to_run(name: str) -> str:
    return (
        f"Run it with `invoke {CALLED.get(name, name)}`; stop at any prompt, and run it again to go on. Without a "
        "person, `--auto` acts in the steps that the profile lists. "
        f"`invoke rehearse --runbook {name}` walks the whole of it in a practice world."
    )


def _way(runbook: Runbook) -> str:
    """The diagram: plain text, so that the forge shows it too."""
    width = max(len(step.id) for step in runbook.steps)
    lines = []
    for position, step in enumerate(runbook.steps, 1):
        mark = "looks" if step.look_only else "zotops or you" if step.action else "you"
        back = "  <- can be undone" if step.undo else ""
        lines.append(f"{position:>2}  {step.id:<{width}}  {mark}{back}")
    return "```text\n" + "\n".join(lines) + "\n```"


def _step(step: Step, place: str) -> str:
    parts = [
        f'<a id="{step.id}"></a>',
        f"## {step.title}",
        f"`{step.id}` · {place} · {_who(step)}",
        f"**Why.** {_prose(step.why)}",
        "**By hand**" if not step.look_only else "**What is looked at**",
        _prose(step.by_hand),
        f"**By zotops.** {_prose(_sentence(str(step.action)))}" if step.action else "",
        _questions(step),
        _done_when(step.checks),
        _stop(step),
    ]
    return "\n\n".join(part for part in parts if part).replace('"></a>\n\n##', '"></a>\n##')


def _who(step: Step) -> str:
    if step.look_only:
        return "only looks"
    return "zotops can do it" if step.action else "done by hand"


def _questions(step: Step) -> str:
    if not step.asks:
        return ""
    lines = []
    for question in step.asks:
        note = " (nothing else can show it)" if question.claim else ""
        lines.append(f"- {_prose(question.prompt)}{' (typed unseen, stored at once)' if question.keep_as else note}")
    return "**Asks**\n\n" + "\n".join(lines)


def _done_when(checks: Sequence[Check]) -> str:
    if not checks:
        return "**Done when** you say so: nothing can show it."
    rows = [
        "**Done when**",
        "",
        "| it holds | look with | want | otherwise |",
        "| --- | --- | --- | --- |",
        *(_row(check) for check in checks),
    ]
    return "\n".join(rows)


def _row(check: Check) -> str:
    sentence = f"{check} (a finding only)" if check.advisory else str(check)
    if check.unknown_until:
        sentence += f" (may stay unknown until `{check.unknown_until}`)"
    look = check.look
    otherwise = "; ".join(map(_otherwise, look.otherwise)) or "-"
    return f"| {_cell(sentence)} | {_code(look.command)} | {_cell(look.want)} | {otherwise} |"


def _otherwise(other: Otherwise) -> str:
    means = f"[{_cell(other.means)}](../faults.md#{other.fault})" if other.fault else _cell(other.means)
    return f"{_cell(other.answer)}: {means}"


def _cell(text: str) -> str:
    """Text within a table: no line ends, and no bar that would end the cell."""
    return _each(" ".join(text.split()), lambda prose: _prose(prose).replace("|", "\\|"), _code)


def _code(command: str) -> str:
    """A command within a table. The forge and the site disagree on a bar in backticks; on an entity they do not."""
    line = " ".join(command.split())
    if not set(line) & {"|", "`"}:
        return f"`{line}`"
    return "<code>" + "".join(f"&#{ord(c)};" if c in "|`<>&*_[]\\~!" else c for c in line) + "</code>"


def _prose(text: str) -> str:
    """Markdown in which a fact's `<name>` is no HTML that a browser would swallow; addresses stay links."""
    return _each(text, lambda prose: re.sub(r"<(?!https?://)", "&lt;", prose), None)


def _each(text: str, prose: Callable[[str], str], code: Callable[[str], str] | None) -> str:
    """Treat what stands in backticks apart from what does not; without `code` it stays as it is."""
    parts, end = [], 0
    for span in re.finditer(r"(`+)(.+?)(?<!`)\1(?!`)", text, re.DOTALL):
        parts += [prose(text[end : span.start()]), code(span[2].strip()) if code else span[0]]
        end = span.end()
    return "".join([*parts, prose(text[end:])])


def _stop(step: Step) -> str:
    back = f" **Back:** {_prose(_sentence(step.back))}" if step.back else ""
    return f"> **Safe to stop here.** {_prose(_sentence(step.safe_to_stop))}{back}"


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "`")) else ".")

"""A Runbook as Markdown; pure. The site and the forge show what the program does, because it is the same text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zotops.model import Check, Otherwise, Runbook, Step


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
    return {step.id: _step(step, position, total) for position, step in enumerate(runbook.steps, 1)}


def _how_to_run(name: str) -> str:
    return (
        f"Run it with `invoke {name}`; stop at any prompt, and run it again to go on. Without a person, `--auto` acts "
        "in the steps that the profile lists. `invoke rehearse` walks the whole of it in a practice world."
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


def _step(step: Step, position: int, total: int) -> str:
    parts = [
        f'<a id="{step.id}"></a>',
        f"## {step.title}",
        f"`{step.id}` · step {position} of {total} · {_who(step)}",
        f"**Why.** {step.why}",
        "**By hand**" if not step.look_only else "**What is looked at**",
        step.by_hand,
        f"**By zotops.** {_sentence(str(step.action))}" if step.action else "",
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
        lines.append(f"- {question.prompt}{' (typed unseen, stored at once)' if question.keep_as else note}")
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
    return f"| {_cell(sentence)} | `{_cell(look.command)}` | {_cell(look.want)} | {otherwise} |"


def _otherwise(other: Otherwise) -> str:
    means = f"[{_cell(other.means)}](../faults.md#{other.fault})" if other.fault else _cell(other.means)
    return f"{_cell(other.answer)}: {means}"


def _cell(text: str) -> str:
    """Text within a table: no line ends, and no bar that would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _stop(step: Step) -> str:
    undo = f"`invoke deploy --undo {step.id}`" if step.undo else _sentence(step.back)
    return f"> **Safe to stop here.** {_sentence(step.safe_to_stop)}" + (f" **Back:** {undo}" if undo else "")


def _sentence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "`")) else ".")

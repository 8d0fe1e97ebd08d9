"""Findings of a review for a terminal: one block each, worst first, every word of it cleaned."""

from typing import IO

from factory.contracts.examined import Examined
from factory.contracts.finding import Finding
from factory.render import amount
from factory.render.stream import Quiet, is_terminal
from factory.render.terminal import console
from factory.render.text import line

COLOURS = {"critical": "bold red", "high": "bold red", "medium": "bold yellow", "low": "bold", "info": "dim"}


def findings(found: Examined, stream: IO[str]) -> None:
    """What was found, then what was looked at and what it cost."""
    for item in found.findings:
        _block(item, stream)
    count = len(found.findings)
    serious = sum(item.serious for item in found.findings)
    words = f"{count} finding{'s' * (count != 1)}, {serious} of them serious" if count else "No findings"
    rows = [f"{words} on {found.base[:12]}..{found.head[:12]}. Cost: {amount.money(found.cost)}."]
    rows += [line(text, 500) for text in (*(found.tested.splitlines() or ["The checks were not run."]), *found.notes)]
    out = Quiet(stream)
    for row in rows:
        out.line(row)


def _block(item: Finding, stream: IO[str]) -> None:
    where = f"{item.path}:{item.start}" if item.start else item.path or "the whole change"
    head = f"{item.severity.upper():<8} {where}"
    by = f"{item.source}/{item.rule}, {item.confidence:.0%} sure" + (f", {item.category}" if item.category else "")
    rest = [("", item.message), ("  line: ", item.evidence.strip()), ("  fix:  ", item.fix.strip())]
    texts = [f"  {label}{line(text, 600)}" for label, text in rest if text]
    if not is_terminal(stream):
        out = Quiet(stream)
        for row in (f"{head}  ({line(by)})", *texts, ""):
            out.line(row)
        return
    from rich.text import Text

    drawn = console(stream)
    drawn.print(Text(line(head), style=COLOURS[item.severity]) + Text(f"  {line(by)}", style="dim"))
    for row in (*texts, ""):
        drawn.print(Text(row))

"""The attack self-test's table for a terminal: red, yellow, green; what to do below what gave."""

from collections.abc import Iterable
from typing import IO

from factory.render.terminal import console
from factory.render.text import line

_STYLES = {"green": "bold green", "yellow": "bold yellow", "red": "bold red"}


def coloured(rows: Iterable[tuple[str, str, str, str]], stream: IO[str]) -> None:
    """Rows of (state, what was tried, what held, what to do). The same advice is said once in a row."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, ratio in (("", None), ("what was tried", 4), ("what held, or what to do", 5)):
        drawn.add_column(Text(name), overflow="fold", ratio=ratio)
    before = ""
    for state, tried, how, remedy in rows:
        held = Text(line(how, 300))
        if remedy and remedy != before:
            held.append(f"\n→ {line(remedy, 400)}", _STYLES[state])
        before = remedy
        drawn.add_row(Text(state, _STYLES[state]), Text(line(tried, 200)), held)
    console(stream).print(drawn)

"""The terminal: a live view of a run, tables for commands, and the last words.

With a terminal rich draws; without one (a pipe, a log, CI) the same facts come as plain lines.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import IO, TYPE_CHECKING, Any, Literal

from factory.contracts.run import Run
from factory.contracts.story import Watcher
from factory.render import amount, facts
from factory.render.stream import Quiet, is_terminal
from factory.render.text import line
from factory.render.watching import View

if TYPE_CHECKING:
    from rich.console import Console

COPIED = ("Branch", "Pull", "Report", "Next")  # of the last words: paths, names and commands
Rows = Sequence[Sequence[object] | Mapping[str, object]]


class PlainWatcher:
    """One line for each thing that happens, with the time since the start."""

    def __init__(self, stream: IO[str]) -> None:
        self._view = View()
        self._out = Quiet(stream)

    def tell(self, kind: str, **facts: Any) -> None:
        with self._view.lock:
            said = self._view.hear(kind, facts)
            self._out.line(f"{self._view.elapsed():7.1f} s  {said}")


@contextlib.contextmanager
def watcher(stream: IO[str], *, plain: bool) -> Iterator[Watcher]:
    """Somebody to tell what happens: a live view on a terminal, plain lines else or when `plain`.

    The watcher may be told from several threads and never raises. Leaving the block leaves the last picture standing.
    """
    if plain or not is_terminal(stream):
        yield PlainWatcher(stream)
        return
    from factory.render.live import LiveWatcher

    with LiveWatcher(console(stream)) as live:
        yield live


def console(stream: IO[str]) -> "Console":
    """A rich console that takes every text literally: no markup, no emoji codes, no colouring by guess."""
    from rich.console import Console

    return Console(file=Quiet(stream), markup=False, emoji=False, highlight=False)  # type: ignore[arg-type]  # a file by duck


def table(rows: Rows, columns: Sequence[str], stream: IO[str], whole: Sequence[str] = ()) -> None:
    """Rows under column heads; a row is a sequence in the columns' order or a mapping by column. Numbers go right.

    `whole`: columns that are never broken on a narrow terminal, as people copy what stands there: short ones."""
    cells = [[_cell(value) for value in _values(row, columns)] for row in rows]
    right = [bool(cells) and all(_numeric(row[n]) for row in cells) for n in range(len(columns))]
    if not is_terminal(stream):
        _plain_table(cells, columns, right, Quiet(stream))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, is_right in zip(columns, right, strict=True):
        justify: Literal["left", "right"] = "right" if is_right else "left"
        drawn.add_column(Text(name), justify=justify, overflow="fold", no_wrap=name in whole)
    for row in cells:
        drawn.add_row(*map(Text, row))
    console(stream).print(drawn)


def _values(row: Sequence[object] | Mapping[str, object], columns: Sequence[str]) -> list[object]:
    found = [row.get(name, "") for name in columns] if isinstance(row, Mapping) else list(row)
    return (found + [""] * len(columns))[: len(columns)]


def _cell(value: object) -> str:
    return "" if value is None else line(str(value), 200)


def _numeric(cell: str) -> bool:
    return not cell or cell == "-" or (cell.lstrip("<$-+")[:1].isdigit() and not cell[-1:].isalpha())


def _plain_table(cells: list[list[str]], columns: Sequence[str], right: list[bool], out: Quiet) -> None:
    widths = [max(len(row[n]) for row in [list(columns), *cells]) for n in range(len(columns))]
    for row in [list(columns), *cells]:
        padded = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ]
        out.line("  ".join(padded).rstrip())


def closing(run: Run, stream: IO[str], cost: str = "") -> None:
    """The last words of a run: verdict, tests, branch, pull request, report, cost, what to do next."""
    state = facts.standing(run)
    rows = [(name, line(text, 500)) for name, text in _last_words(run, state, cost) if text]
    if not is_terminal(stream):
        out = Quiet(stream)
        for name, text in rows:
            out.line(f"{name + ':':<10}{text}")
        return
    _draw_last_words(rows, state, stream)


def _draw_last_words(rows: list[tuple[str, str]], state: facts.Standing, stream: IO[str]) -> None:
    """Sentences are wrapped; what somebody copies is left for the terminal to break, so that it is copied whole."""
    from rich.table import Table
    from rich.text import Text

    colour = {"good": "bold green", "warn": "bold yellow", "bad": "bold red", "calm": "bold"}[state.tone]
    drawn = console(stream)
    drawn.print()
    for index, (name, text) in enumerate(rows):
        if name in COPIED:
            drawn.print(Text.assemble((f"{name:<7}  ", "dim"), text), soft_wrap=True)
            continue
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=7)
        loud = "bold red" if name == "Warning" else colour if index == 0 else ""
        grid.add_row(Text(name, style="dim"), Text(text, style=loud, overflow="fold"))
        drawn.print(grid)


def _last_words(run: Run, state: facts.Standing, cost: str) -> list[tuple[str, str]]:
    made, output = run.delivery, run.output
    pull = made.pull if made else None
    said = f"{state.word}: {state.sentence}"
    return [
        ("Verdict", said if not facts.escalation(run) else f"{said} {facts.escalation(run)}"),
        ("Warning", "the repository's code ran WITHOUT a sandbox (--sandbox none)" if facts.unsafe(run) else ""),
        ("Tests", _tests(run)),
        ("Branch", made.branch if made else ""),
        ("Pull", f"{pull.url}{' (draft)' if pull.draft else ''}" if pull else ""),
        ("Report", (output.html or output.markdown) if output else ""),
        ("Cost", cost),
        ("Next", _next(run)),
    ]


def _tests(run: Run) -> str:
    if run.evidence is None:
        return "did not run"
    if not run.evidence.tests_found:
        return "no tests found"
    suites = [
        f"{suite.name}: {amount.counted(suite.base)} -> {amount.counted(suite.candidate)}"
        for suite in run.evidence.suites
    ]
    return ("" if run.evidence.green else "not green; ") + "; ".join(suites)


def _next(run: Run) -> str:
    if run.stopped and run.stopped.reason != "nothing_to_do":
        return f"factory resume {run.id}"
    if run.delivery:
        return f"git -C {quote(run.repo.path)} diff {quote(run.repo.ref)}...{quote(run.delivery.branch)}"
    return ""

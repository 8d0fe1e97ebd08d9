"""The live view on a terminal: the line, the units at work, and what it costs so far."""

import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Any

from factory.render import amount
from factory.render.text import clip
from factory.render.watching import SIGNS, Row, View

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

_COLOURS = {
    "start": "cyan", "done": "green", "green": "green", "skip": "green", "failed": "red", "red": "red",
    "retry": "yellow", "": "dim",
}  # fmt: skip
_QUIET = ("stage", "unit", "exchange")  # seen in the view itself; the rest stays above it as a line


class LiveWatcher:
    """Draws eight times a second from a `View`; events only change the view, so a burst costs nothing."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._view = View()
        self._live: Live | None = None

    def __enter__(self) -> "LiveWatcher":
        from rich.live import Live

        self._live = Live(
            console=self._console,
            get_renderable=self.picture,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            with contextlib.suppress(OSError, ValueError):
                self._live.stop()

    def tell(self, kind: str, **facts: Any) -> None:
        from rich.text import Text

        said = self._view.hear(kind, facts)
        if kind not in _QUIET and facts.get("state") != "start" and said.strip():
            with contextlib.suppress(OSError, ValueError):
                self._console.print(Text(said.strip(), style="bold" if kind == "round" else "dim"))

    def picture(self) -> "RenderableType":
        from rich.console import Group

        with self._view.lock:
            room = max(self._console.height - 8, 3)
            units, checks = list(self._view.units.values()), list(self._view.checks.values())
            parts = [self._head(), self._stages(), *self._rows(units, room), *self._rows(_running(checks), 3)]
        return Group(*parts)

    def _head(self) -> "RenderableType":
        from rich.text import Text

        return Text.assemble(("dark factory", "bold"), ("  " + self._view.totals(), "dim"), overflow="ellipsis")

    def _stages(self) -> "RenderableType":
        from rich.text import Text

        now, line = self._view.clock(), Text()
        for row in self._view.stages.values():
            took = f" {amount.duration(row.seconds(now))}" if row.state == "start" else ""
            line.append(f"{SIGNS.get(row.state, '●')} {row.name}{took}  ", style=_COLOURS.get(row.state, ""))
        return line

    def _rows(self, rows: list[Row], room: int) -> "list[RenderableType]":
        from rich.text import Text

        now, width = self._view.clock(), max(self._console.width - 28, 20)
        shown = sorted(rows, key=lambda row: row.state not in ("start", "retry"))[:room] if len(rows) > room else rows
        lines: list[RenderableType] = [
            Text.assemble(
                (f"  {SIGNS.get(row.state, '●')} ", _COLOURS.get(row.state, "")),
                f"{clip(row.name, 14):<14} {clip(row.words, width - 12)}",
                (f"  {amount.duration(row.seconds(now))}", "dim"),
                no_wrap=True,
                overflow="ellipsis",
            )
            for row in shown
        ]
        if len(rows) > len(shown):
            lines.append(Text(f"    and {len(rows) - len(shown)} more", style="dim"))
        return lines


def _running(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.state == "start"]

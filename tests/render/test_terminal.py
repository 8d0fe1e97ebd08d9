"""The terminal: drawn on a real pseudo-terminal, plain without one, told from many threads, never a reason to fail."""

import contextlib
import io
import os
import pty
import re
import select
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from typing import IO

import pytest

from factory.render import terminal
from tests.render.hostile import hostile
from tests.render.stories import accepted, stopped, tidy


@contextlib.contextmanager
def pseudo_terminal() -> Iterator[tuple[IO[str], Callable[[], str]]]:
    """A stream that is a terminal of 100 x 30, and what was written to it."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    got, stop = bytearray(), threading.Event()

    def drain() -> None:
        while not stop.is_set():
            if select.select([ours], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    got.extend(os.read(ours, 65536))

    reader = threading.Thread(target=drain)
    reader.start()

    def seen() -> str:
        time.sleep(0.2)
        return got.decode()

    try:
        with open(theirs, "w", encoding="utf-8") as stream:
            yield stream, seen
    finally:
        stop.set()
        reader.join()
        os.close(ours)


def play(view: terminal.Watcher, units: int = 3) -> None:
    view.tell("stage", name="plan", state="start")
    view.tell("stage", name="plan", state="done")
    view.tell("stage", name="generate", state="start")

    def work(n: int) -> None:
        view.tell("unit", unit=f"u{n}", role="backend", title=f"[red]Title[/red] {n} \x1b]0;owned\x07", state="start")
        view.tell("exchange", role="backend", endpoint="box", tokens_in=900, tokens_out=100, cost=1000, seconds=0.5)
        view.tell("unit", unit=f"u{n}", role="backend", title="", state="done" if n else "failed")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(units)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    view.tell("check", name="tests", state="green", seconds=3.0)
    view.tell("round", n=1, decision="go_on")
    view.tell("retry", role="backend", endpoint="box", wait_s=2.0, text="429; again in 2 s")
    view.tell("note", text="the budget is at 80 %\x1b[2J")


def test_without_a_terminal_there_are_plain_lines() -> None:
    out = io.StringIO()
    with terminal.watcher(out, plain=False) as view:
        play(view)
    lines = [line.split("s  ", 1)[1] for line in out.getvalue().splitlines()]
    assert {
        "plan …",
        "  unit u0: failed in 0.0 s (backend: [red]Title[/red] 0)",
        "  round 1: go_on",
        "  box: 429; again in 2 s",
        "  backend asked box: 1.0k tokens, $0.0010, 0.5 s",
        "  the budget is at 80 %",
    } <= set(lines)
    assert "\x1b" not in out.getvalue()
    assert "owned" not in out.getvalue()


def test_on_a_terminal_the_view_is_drawn_and_stays() -> None:
    with pseudo_terminal() as (stream, seen):
        with terminal.watcher(stream, plain=False) as view:
            play(view)
            time.sleep(0.3)
        raw = seen()
    words = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", raw)
    assert "[red]Title[/red] 2" in words
    assert "3 calls · 3.0k tokens · $0.0030" in words
    assert "✓ plan" in words
    assert "✗ u0" in words
    assert "round 1: go_on" in words
    assert "\x1b]0;" not in raw
    assert "\x1b[2J" not in raw
    assert raw.rindex("\x1b[?25h") > raw.rindex("\x1b[?25l")  # the cursor is back


def test_plain_can_be_asked_for_on_a_terminal() -> None:
    with pseudo_terminal() as (stream, seen):
        with terminal.watcher(stream, plain=True) as view:
            play(view)
        assert "\x1b" not in seen()


def test_the_cursor_comes_back_after_ctrl_c() -> None:
    with pseudo_terminal() as (stream, seen):
        with contextlib.suppress(KeyboardInterrupt), terminal.watcher(stream, plain=False):
            raise KeyboardInterrupt
        assert seen().endswith("\x1b[?25h") or "\x1b[?25h" in seen()


class Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize("terminal_like", [False, True])
def test_a_reader_that_went_away_is_no_reason_to_fail(terminal_like: bool) -> None:
    stream = Broken()
    stream.isatty = lambda: terminal_like  # type: ignore[method-assign]  # a terminal that was closed
    with terminal.watcher(stream, plain=False) as view:
        play(view)
        view.tell("unheard of", anything=object())
        view.tell("exchange", tokens="many", cost=None, seconds=float("nan"))
        view.tell("stage")
    terminal.closing(accepted().run, stream)
    terminal.table([("a", 1)], ("x", "y"), stream)


def test_a_stream_of_few_letters_gets_what_it_can_show() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    with terminal.watcher(stream, plain=False) as view:
        view.tell("note", text="grün → 日本")
    stream.flush()
    assert b"gr?n ? ??" in raw.getvalue()


def test_eight_threads_never_mix_their_lines() -> None:
    out = io.StringIO()
    with terminal.watcher(out, plain=True) as view:
        threads = [
            threading.Thread(target=lambda n=n: [view.tell("note", text=f"{n}" * 80) for _ in range(200)])
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = out.getvalue().splitlines()
    assert len(lines) == 1600
    assert all(re.fullmatch(r" +\d+\.\d s    (\d)\1{79}", line) for line in lines)


def test_tables_are_aligned_plain_and_drawn_on_a_terminal() -> None:
    rows = [("box", 12, "$0.01", None), {"endpoint": "cloud\x1b[31m", "calls": 1234, "cost": "$12.00", "note": "[b]x"}]
    out = io.StringIO()
    terminal.table(rows, ("endpoint", "calls", "cost", "note"), out)
    assert out.getvalue().splitlines() == [
        "endpoint  calls    cost  note",
        "box          12   $0.01",
        "cloud      1234  $12.00  [b]x",
    ]
    with pseudo_terminal() as (stream, seen):
        terminal.table(rows, ("endpoint", "calls", "cost", "note"), stream)
        words = seen()
    assert "[b]x" in words
    assert "\x1b[31m" not in words
    empty = io.StringIO()
    terminal.table([], ("endpoint", "calls"), empty)
    assert empty.getvalue() == "endpoint  calls\n"


def test_a_table_keeps_what_people_copy_in_one_piece() -> None:
    name, rest = "20261121-221316-e0d9f7", "many words " * 12
    with pseudo_terminal() as (stream, seen):
        terminal.table([(name, rest, rest)], ("run", "status", "issue"), stream, whole=("run",))
        assert name in seen()
    with pseudo_terminal() as (stream, seen):
        terminal.table([(name, *[rest.replace(" ", "_")] * 6)], ("run", *"abcdef"), stream)
        assert name not in seen()  # without it the widths are shared out


def test_the_last_words() -> None:
    out = io.StringIO()
    terminal.closing(accepted().run, out, cost="$0.049")
    said = dict(line.split(":", 1) for line in out.getvalue().splitlines())
    assert "claude-opus-5" in said["Verdict"]
    assert "41 passed, 1 failed, 2 skipped -> 43 passed" in said["Tests"]
    assert said["Branch"].strip() == "factory/12-cart-total-1a2b3c4d"
    assert said["Report"].strip() == "/tmp/out/report.html"
    assert said["Cost"].strip() == "$0.049"
    assert said["Next"].strip() == "git -C /home/ada/shop diff main...factory/12-cart-total-1a2b3c4d"


def test_what_somebody_copies_is_not_broken_on_a_narrow_terminal() -> None:
    told = accepted().run
    assert told.output
    deep = f"/home/ada/{'state-' * 20}/report.html"
    with pseudo_terminal() as (stream, seen):
        terminal.closing(told.but(output=told.output.but(html=deep)), stream)
        shown = seen()
    assert deep in shown
    assert "git -C /home/ada/shop diff main...factory/12-cart-total-1a2b3c4d" in shown


def test_the_last_words_of_runs_that_went_wrong() -> None:
    out = io.StringIO()
    terminal.closing(stopped().run, out)
    terminal.closing(tidy().run, out)
    terminal.closing(hostile().run, out)
    assert "Next:     factory resume 20261120-none" in out.getvalue()
    assert "WITHOUT a sandbox" in out.getvalue()
    assert "\x1b" not in out.getvalue()
    with pseudo_terminal() as (stream, seen):
        terminal.closing(hostile().run, stream)
        assert "\x1b]0;" not in seen()

"""Texts told by other texts come out as they were, and growing histories are told once."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.model import Piece
from factory.handover.deltas import delta, told
from factory.handover.sendings import lines_of, rows_of
from factory.ledger.egress import Egress
from factory.ledger.travel import EgressRow, rows_out
from tests.handover.runs import begun

WORDS = st.lists(st.sampled_from(["a" * 70, "bc" * 40, "ö\n", "x", "0123456789" * 8]), max_size=30).map("".join)


@given(base=WORDS, text=WORDS)
def test_what_is_told_is_the_text(base: str, text: str) -> None:
    assert told(base, delta(base, text)) == text


@given(base=st.text(max_size=400), text=st.text(max_size=400))
def test_also_for_any_text(base: str, text: str) -> None:
    assert told(base, delta(base, text + base)) == text + base


def test_a_growing_history_is_told_once() -> None:
    """New messages in the middle, a changed list behind them: only what is new stands there."""
    turns = [f"turn {n}: " + f"{n:04}" * 200 for n in range(40)]
    before = '{"messages":[' + ",".join(turns[:-1]) + '],"pieces":[' + ",".join(turns[5:20]) + "]}"
    after = '{"messages":[' + ",".join(turns) + '],"pieces":[' + ",".join(turns[3:20]) + "]}"
    parts = delta(before, after)
    assert told(before, parts) == after
    assert sum(len(part) for part in parts if isinstance(part, str)) < 1200
    answer = '{"request":' + after + ',"reply":"yes"}'
    assert sum(len(part) for part in delta(after, answer) if isinstance(part, str)) < 160


def test_the_egress_ledger_comes_out_row_by_row(tmp_path: Path) -> None:
    state, run, _ = begun(tmp_path)
    egress = Egress(state.db, state.clock)
    pieces = [Piece(path=f"p{n}", start=n, end=n + 5, bytes=10 * n, sha256="a" * 64) for n in range(50)]
    rest = Piece(path="", start=0, end=0, bytes=99, sha256="b" * 64)
    for n in range(20):
        rows = egress.sending(run.id, "box" if n % 2 else "cloud", "local", pieces[: n + 20], rest)
        if n == 7:
            egress.not_sent(rows)
    found = list(rows_out(state.db, run.id, EgressRow))
    lines = list(lines_of(found))
    assert list(rows_of(lines)) == found
    assert sum(len(line.new) for line in lines) == 40
    assert len(lines) == 19

"""The answer was made next to hostile code: nothing in it is believed."""

import json
from typing import Any

import pytest

from factory.contracts.errors import SandboxProblem
from factory.sandbox import message

GOOD: dict[str, Any] = {
    "status": "exited", "exit_code": 0, "seconds": 0.1, "head": 2, "tail": 0, "left_out": 0, "files_left_out": False,
    "files": [["a", 1]],
}  # fmt: skip


def answer(body: bytes = b"okx", **changes: Any) -> bytes:
    raw = json.dumps({**GOOD, **changes}).encode()
    return b"R" + len(raw).to_bytes(4, "big") + raw + body


def test_a_good_answer() -> None:
    result = message.unpack(answer())
    assert result is not None
    assert (result.status, result.output, result.files) == ("exited", "ok", {"a": b"x"})


@pytest.mark.parametrize("cut", range(1, len(answer())))
def test_an_answer_cut_short_is_none(cut: int) -> None:
    assert message.unpack(answer()[:cut]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "accepted"}, {"status": ["exited"]}, {"exit_code": -1}, {"exit_code": "0"}, {"head": -2},
        {"files": [["../../etc/cron.d/x", 1]]}, {"files": [["/etc/passwd", 1]]}, {"files": [["a\0b", 1]]},
        {"files": [["a", -1]]}, {"files": [[1, 1]]}, {"files": 3}, {"files": [["a"]]}, {"seconds": "soon"},
        {"files": [["x" * 5000, 1]]},
    ],
)  # fmt: skip
def test_a_bad_answer_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SandboxProblem):
        message.unpack(answer(**changes))


@pytest.mark.parametrize("raw", [b"R\0\0\0\x02[]", b"R\0\0\0\x02{{", b"R\0\0\0\x02{}"])
def test_other_json_is_refused(raw: bytes) -> None:
    with pytest.raises(SandboxProblem):
        message.unpack(raw)


def test_a_broken_inside_says_why() -> None:
    with pytest.raises(SandboxProblem, match="could not start the job: OSError: x"):
        message.unpack(answer(status="broken", error="OSError: x"))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
        (b"\x1bPq#0\x1b\\sixel", "sixel"),
        (b"\x1b]52;c;never ends", ""),
        (b"50%\r100%\r\ndone", "50%\n100%\ndone"),
        (b"\xff\xfea", "\ufffd\ufffda"),
        (b"\x00\x07\x08tab\there", "tab\there"),
        ("naïve ✓".encode(), "naïve ✓"),
        (b"end\x1b", "end"),
    ],
)
def test_output_is_fit_to_print(raw: bytes, clean: str) -> None:
    assert message.text(raw) == clean


def test_what_was_left_out_is_said() -> None:
    assert message.text(b"head", b"tail", 7) == "head\n[... 7 bytes left out ...]\ntail"

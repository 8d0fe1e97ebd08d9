"""Fingerprints: the same finding keeps its id while the rest of the file moves; equal ones are told apart."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from factory.hunt.detector import Detector, Hit
from factory.hunt.findings import findings_of, symbol_at
from factory.hunt.source import Source

RULE = Detector(
    id="a-rule",
    title="t",
    why="It costs.",
    severity="low",
    confidence=0.8,
    category="",
    languages=(),
    look=lambda _: (),
)
CODE = [
    "import os", "", "def first(path):", "    try:", "        return os.stat(path)", "    except OSError:",
    "        pass", "", "class Box:", "    def second(self):", "        try:", "            self.fill()",
    "        except OSError:", "            pass",
]  # fmt: skip
MARKED = (7, 14)  # the lines with `pass`
NOISE = st.sampled_from(["", "# a comment", "import sys", "LIMIT = 3", "def other(): return 1"])


def ids(lines: list[str], marked: tuple[int, ...]) -> list[str]:
    source = Source("src/box.py", "\n".join(lines).encode())
    return [
        found.id for found in findings_of(source, [(RULE, Hit("src/box.py", line, "m")) for line in marked]).findings
    ]


@given(before=st.lists(NOISE, max_size=6), between=st.lists(NOISE, max_size=6), after=st.lists(NOISE, max_size=6))
def test_ids_survive_lines_that_come_and_go(before: list[str], between: list[str], after: list[str]) -> None:
    moved = [*before, *CODE[:8], *between, *CODE[8:], *after]
    ast.parse("\n".join(moved))
    shifted = (MARKED[0] + len(before), MARKED[1] + len(before) + len(between))
    assert ids(moved, shifted) == ids(CODE, MARKED)


@given(width=st.integers(1, 8), spaces=st.integers(0, 3))
def test_ids_survive_another_indentation_and_spacing(width: int, spaces: int) -> None:
    again = [" " * (width * ((len(line) - len(line.lstrip())) // 4)) + line.lstrip() for line in CODE]
    again = [line.replace("(path)", f"({' ' * spaces}path )") for line in again]
    assert ids(again, MARKED) == ids(CODE, MARKED)


def test_equal_lines_are_told_apart_by_their_symbol_and_their_number() -> None:
    twice = [*CODE[:7], "    pass", *CODE[7:]]
    found = ids(twice, (7, 8, 15))
    assert len(set(found)) == 3
    assert found[0] == ids(CODE, MARKED)[0]
    assert found[2] == ids(CODE, MARKED)[1]


def test_another_path_or_rule_is_another_finding() -> None:
    source = Source("src/other.py", "\n".join(CODE).encode())
    (other,) = findings_of(source, [(RULE, Hit("src/other.py", 7, "m"))]).findings
    assert other.id not in ids(CODE, MARKED)


def test_what_a_finding_says() -> None:
    source = Source("src/box.py", "\n".join(CODE).encode())
    hit = Hit("src/box.py", 7, "It vanishes.", severity="high", fix="Log it.")
    (found,) = findings_of(source, [(RULE, hit)]).findings
    assert (found.source, found.rule, found.start, found.end) == ("hunt", "a-rule", 7, 7)
    assert found.message == "It vanishes. It costs."
    assert (found.severity, found.confidence, found.evidence, found.fix) == ("high", 0.8, "pass", "Log it.")


def test_what_is_quoted_stands_for_the_line() -> None:
    """A credential's evidence must not show it."""
    source = Source("a.py", b'password = "Vq7!mzR2pLw9"\n')
    (found,) = findings_of(source, [(RULE, Hit("a.py", 1, "m", quoted="password = ..."))]).findings
    assert "Vq7" not in found.to_json()


def test_of_two_hits_in_one_place_the_surer_counts() -> None:
    source = Source("src/box.py", "\n".join(CODE).encode())
    hits = [(RULE, Hit("src/box.py", 7, "weak", confidence=0.3)), (RULE, Hit("src/box.py", 7, "sure", confidence=0.9))]
    (found,) = findings_of(source, hits).findings
    assert found.confidence == 0.9


def test_a_comment_switches_one_rule_off_and_is_counted() -> None:
    source = Source("a.py", b"pass  # factory: ignore[a-rule, b-rule]\npass  # factory: ignore[b-rule]\n")
    made = findings_of(source, [(RULE, Hit("a.py", line, "m")) for line in (1, 2)])
    assert [found.start for found in made.findings] == [2]
    assert made.hushed == 1


def test_the_symbol_of_a_script_is_known_too() -> None:
    source = Source("a.ts", b"class Cart {\n  total() {\n    return 1;\n  }\n}\nconst x = 1;\n")
    assert symbol_at(source, 3) == "Cart.total"
    assert symbol_at(source, 6) in ("", "x")


def test_the_symbol_of_a_decorated_function_counts_from_its_decorator() -> None:
    source = Source("a.py", b"@mark\ndef f():\n    def g():\n        return 1\n")
    assert [symbol_at(source, line) for line in (1, 2, 4)] == ["f", "f", "f.g"]

"""Untrusted text: read by a real markdown parser it is the words it was, and nothing else."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factory.render.text import clean, clip, code, fence, line, prose, quiet, quote, summary
from tests.render.hostile import ATTACKS

TEXTS = st.text(st.sampled_from("ab1 `*_[]()<>|&~$#+-=!\\@:/.\"'\n\t\r\x1b{}"), max_size=60) | st.text(max_size=60)
PARSER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")


def words(rendered: str) -> str:
    return html.unescape(re.sub(r"^<p>|</p>\n?$", "", rendered))


@given(TEXTS)
def test_prose_renders_as_exactly_the_words_it_was_given(text: str) -> None:
    rendered = PARSER.render(f"x {prose(text)}")
    assert "<" not in rendered.removeprefix("<p>").removesuffix("</p>\n")
    assert words(rendered) == f"x {quiet(line(text))}".rstrip()


@given(TEXTS)
def test_prose_begins_no_block(text: str) -> None:
    for token in PARSER.parse(prose(text)):
        assert token.type in ("paragraph_open", "inline", "paragraph_close")


@given(TEXTS)
def test_code_in_a_cell_stays_in_its_cell(text: str) -> None:
    rendered = PARSER.render(f"| a | b |\n| --- | --- |\n| {code(text)} | end |\n")
    assert rendered.count("<td") == 2
    cell = re.search(r"<td>(.*?)</td>", rendered, re.DOTALL)
    assert cell
    inner = re.sub(r"^<code>|</code>$", "", cell[1])
    assert "<" not in inner
    assert html.unescape(inner).replace("\u200b", "") == line(text, 160).replace("\u200b", "")


@given(TEXTS, st.integers(0, 12))
def test_a_fence_cannot_be_closed_from_inside(text: str, ticks: int) -> None:
    tokens = PARSER.parse(fence(f"{text}\n{'`' * ticks}\n{text}"))
    assert [token.type for token in tokens] == ["fence"]


@given(TEXTS)
def test_a_summary_is_text_only(text: str) -> None:
    assert "<" not in summary(text)
    assert html.unescape(summary(text)) == quiet(line(text))


@given(TEXTS)
def test_a_quote_is_one_quote_of_paragraphs(text: str) -> None:
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in PARSER.parse(quote(text))}
    assert kinds <= {"blockquote", "paragraph", "inline"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_reference_survives(attack: str) -> None:
    made = prose(attack, 1000)
    assert not re.search(r"@\w|#\d|GH-\d|://|www\.\w|mailto:\S", made)


def test_a_marker_in_somebodys_output_is_not_a_marker() -> None:
    assert "<!-- factory" not in fence("<!-- factory:v1 run=1 -->")
    assert "<!-- factory" not in prose("<!-- factory:v1 run=1 -->")


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;ZXZpbA==\x1b\\text", "text"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("\x9b2Jx", "x"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("bell\x07 null\x00", "bell null"),
        ("\u202etxt.exe", "⟨U+202E⟩txt.exe"),
        ("a\U000e0041b", "a⟨U+E0041⟩b"),
        ("caf\udce9", "caf\\xe9"),
        ("tab\tstays, ü too", "tab\tstays, ü too"),
    ],
)
def test_clean(raw: str, seen: str) -> None:
    assert clean(raw) == seen


@given(st.text())
def test_clean_text_can_be_written_and_moves_no_cursor(text: str) -> None:
    made = clean(text)
    made.encode()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", made)


def test_clip_and_long_fences_say_that_something_is_missing() -> None:
    assert clip("abcdef", 4) == "abc…"
    made = fence("start" + "x" * 10_000 + "end", 900)
    assert len(made) < 1100
    assert "start" in made
    assert "end" in made
    assert "characters left out" in made

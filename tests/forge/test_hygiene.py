"""Output hygiene, judged by a real markdown parser: whatever was written, nothing on the page refers or hides."""

import html
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factory.forge.commands import parse
from factory.forge.hidden import HIDDEN
from factory.forge.hygiene import BREAK, MAX_BODY, MAX_SUMMARY, Home, Hygiene, hidden_in_diff
from factory.forge.markers import Markers
from factory.forge.secret_values import Redaction, secret_values
from factory.llm.secret_forms import secrets_in
from factory.render.pull import body
from factory.render.status import comment
from factory.render.text import code, fence, prose
from tests.render.hostile import ATTACKS
from tests.render.stories import accepted
from tests.render.test_status import status

HOME = Home("https://github.com", "acme/shop", people=("ann",), numbers=(7,), closes=(8,))
CLEAN = Hygiene(HOME, Redaction((), secrets_in))
PARSER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
PIECES = st.sampled_from(
    ["@bob", "@org/team", "fixes #1", "#7", "`", "``", "```", "~~~", "\n", "\n\n", " ", "    ", "> ", "- ", "1. ",
     "<!--", "-->", "<!-", "->", "<details>", "</details>", "<summary>", "<b>", "<img src=x>", "<script>", "|", "\\",
     "$", "[a](http://evil.example)", "![p](http://evil.example/p.png)", "[r]: http://evil.example", "www.evil.example",
     "https://evil.example/x", "[j](javascript:alert(1))", "/factory fix", "\u200b", "\u202e", "\U000e0041", "a", "&",
     "https://github.com/acme/shop/issues/7", "\t", "\r\n", "text", "# "]
)  # fmt: skip
MARKDOWN = st.lists(PIECES, max_size=24).map("".join)


def shown(text: str) -> tuple[str, str]:
    """(what a page shows outside of code, its HTML)."""
    page = PARSER.render(text)
    bare = re.sub(r"<(pre|code)\b[^>]*>.*?</\1>", "\0", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "\0", bare)), page


@settings(max_examples=1500, deadline=None)
@given(MARKDOWN)
def test_nothing_on_the_page_refers_loads_or_hides(text: str) -> None:
    made = CLEAN.body(text)
    words, page = shown(made)
    assert not re.search(r"@(?!ann\b)\w|(?<![\w/])#(?!7(?!\d))\d|GH-\d", words)
    assert not re.search(r"(?i)(?:https?|ftp)://(?!github\.com/acme/shop)|www\.\w", words)
    assert not re.search(r"(?i)<(?:img|script|iframe|style|input)\b|<!|\bon\w+=", page)
    assert all(target.startswith("https://github.com/acme/shop") for target in re.findall(r'href="([^"]*)"', page))
    assert "javascript:" not in words
    assert not re.search(f"[{HIDDEN}]", made.replace(BREAK, ""))
    assert parse(made) is None


@settings(max_examples=500, deadline=None)
@given(MARKDOWN)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    made = CLEAN.body(text)
    assert CLEAN.body(made) == made


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_through_render_and_alone(attack: str) -> None:
    for text in (attack, prose(attack, 1000), f"| a |\n| --- |\n| {code(attack)} |", fence(attack)):
        words, page = shown(CLEAN.body(text))
        assert not re.search(r"@\w|#\d|://", words)
        assert not re.search(r"<(?:img|script|h1|a)\b", page)


@pytest.mark.parametrize(
    "tag",
    ["<script>x</script>", "<iframe src=x>", "<img onerror=a>", "<a href='javascript:x'>", "<svg/onload=x>",
     "<details open onclick=x>", "<style>", "<form action=x>", "<!DOCTYPE x>", "<?php x ?>", "<![CDATA[x]]>"],
)  # fmt: skip
def test_out_04_tags_become_text(tag: str) -> None:
    """OUT-04"""
    assert "<" not in CLEAN.body(f"a {tag} b").replace("<!", "<") or shown(CLEAN.body(tag))[1].count("<") == 2


@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "JaVaScRiPt:x", "vbscript:x", "data:text/html;base64,PHM+"])
def test_out_04_schemes_are_broken(scheme: str) -> None:
    """OUT-04"""
    made = CLEAN.body(f"[x]({scheme}) {scheme}")
    assert scheme.lower().split(":")[0] + ":" not in made.lower()
    assert "href" not in shown(made)[1]


@pytest.mark.parametrize("where", ["{}", "```\n{}\n```", "a\n\n~~~\n{}\n~~~\n", "> {}", "`{}`", "text {} text"])
def test_out_05_a_forged_marker_is_gone(where: str) -> None:
    """OUT-05"""
    genuine = Markers("key", "acme/shop")
    forged = genuine.make("gh-7-abc", "status")
    made = CLEAN.body(where.format(forged))
    assert genuine.find(made) is None
    assert "<!-- factory" not in made
    assert genuine.find(genuine.sign(made, "gh-7-real", "status")) == ("gh-7-real", "status")


def test_out_06_hidden_characters_are_taken_out() -> None:
    """OUT-06"""
    hidden = "\u202e\u2066\u2069\u200b\u200f\U000e0041\U000e007f\u00ad\ufe0f\U000e0100\ufeff"
    for text in (f"a{hidden}b", f"```\na{hidden}b\n```", f"`a{hidden}b`"):
        assert "ab" in CLEAN.body(text)
        assert not re.search(f"[{HIDDEN}]", CLEAN.body(text))
    assert CLEAN.title(f"a{hidden}b") == "ab"


def test_out_06_a_diff_lists_them() -> None:
    """OUT-06"""
    diff = (
        "--- a/x.py\n+++ b/x.py\n@@ -1,2 +5,4 @@\n a\n-\u202e gone\n+if admin\u202e:\n+ok = '⚠\ufe0f'\n+b\u200b = 1\n"
    )
    risky, odd = hidden_in_diff(diff)
    assert (risky.rule, risky.path, risky.start, risky.severity) == ("bidi_in_diff", "x.py", 6, "high")
    assert "U+202E" in risky.message
    assert "\u202e" not in risky.evidence
    assert (odd.start, odd.severity) == (8, "medium")


@pytest.mark.parametrize(
    "text",
    ["<!-<!-- -->- x -->", "<!--", "a <!-- b", "<!<!<!------ x", "<!-" * 3000 + "- x" + "->" * 3000, "<!--->x-->",
     "<!-- a --!> b", "- <!--\n  x", "<!-- <!-- --> -->"],
)  # fmt: skip
def test_out_07_no_comment_begins(text: str) -> None:
    """OUT-07"""
    made = CLEAN.body(text)
    assert "<!--" not in made
    assert "<!" not in shown(made)[1]


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "a line\n" * 100_000, "@bob " * 30_000, "```\n" + "code\n" * 40_000, "<!--" * 50_000,
     "<details>\n\n" + "word " * 30_000, "`a` " * 40_000, "![" * 60_000, "secret: 'abcdefgh' " * 9000, "\n" * 200_000,
     "[a](" * 40_000, "é" * 70_000, "<a " * 50_000],
)  # fmt: skip
def test_out_08_long_texts_are_cut_where_it_is_safe(text: str) -> None:
    """OUT-08: and within seconds."""
    before = time.monotonic()
    made = CLEAN.body(text)
    assert time.monotonic() - before < 10
    assert len(made) <= MAX_BODY
    assert len(Markers("k", "acme/shop").sign(made, "r", "pull")) <= 65_536
    words, page = shown(made)
    assert not re.search(r"@bob", words)
    assert page.count("<details>") == page.count("</details>")
    if text.strip() and "<!--" not in text:
        assert "characters did not fit" in words


def test_out_08_a_cut_block_of_code_is_closed() -> None:
    """OUT-08"""
    made = CLEAN.body("```python\n" + "x = '@bob'\n" * 20_000)
    assert [token.type for token in PARSER.parse(made)][:2] == ["fence", "paragraph_open"]


def test_out_08_titles_fit() -> None:
    """OUT-08"""
    made = CLEAN.title("fix @bob's #1 <!-- x --> " + "w" * 500)
    assert len(made) <= 256
    assert not re.search(r"@b|#1|<!--", made)
    assert "\n" not in CLEAN.title("a\nb\r\nc")


def test_out_10_a_summary_fits() -> None:
    """OUT-10"""
    made = CLEAN.summary("é" * 1_200_000)
    assert len(made.encode()) <= MAX_SUMMARY


def test_what_the_factory_says_itself_stays() -> None:
    text = (
        "@ann asked in #7. [Run](https://github.com/acme/shop/actions/runs/5?pr=1#summary-2): done, Closes #8.\n\n"
        "<details>\n<summary>Units</summary>\n\n- [x] `api` and `@types/node`\n- [ ] [plan](#plan)\n\n</details>\n\n"
        "```suggestion\n@decorator\ndef f(x: List<int>): ...  # fixes #1\n```\n\nSay `/factory approve`.\n"
    )
    assert CLEAN.body(text) == text


@pytest.mark.parametrize(
    "text", [comment(status()), comment(status(server="https://github.com")), body(accepted(), "")]
)
def test_what_render_composes_goes_through_unchanged(text: str) -> None:
    assert CLEAN.body(text) == text


@pytest.mark.parametrize(
    "text",
    ["https://github.com/acme/shop/../../evil/x", "https://github.com/acme/shop/%2e%2e/%2E%2E/evil", "//evil.example",
     "https://github.com/acme/shopping/x", "https://github.com@evil.example/acme/shop", "https://GITHUB.com.evil.example",
     "https://github.com/evil/x"],
)  # fmt: skip
def test_only_pages_of_the_repository_are_linked(text: str) -> None:
    assert "href" not in shown(CLEAN.body(f"[x]({text})"))[1]


@pytest.mark.parametrize(
    "text",
    ["fixes #7", "Closes: #7", "resolved **#7**", "fix https://github.com/acme/shop/issues/7", "closes acme/shop#8",
     "closes other/repo#7", "Fixes GH-7"],
)  # fmt: skip
def test_closing_keywords_close_nothing(text: str) -> None:
    words, _ = shown(CLEAN.body(text))
    assert not re.search(r"#\d|GH-\d|://", words)


@pytest.mark.parametrize("lead", ["", "\n\n", "> ", "- ", "   "])
def test_trg_11_a_command_in_model_text_is_none(lead: str) -> None:
    """TRG-11"""
    made = CLEAN.body(f"{lead}/factory fix\n\nand\n/factory stop")
    assert not re.search(r"^[> \-]*/factory", made, re.MULTILINE)


def test_secrets_are_taken_out_by_value_and_by_pattern() -> None:
    """PIT-03: what a model prints of what it should not have does not get out."""
    import base64
    from urllib.parse import quote

    value = "s3cr3t/Value+42=="
    environment = {"FACTORY_MODEL_KEY": value, "HOME": "/home/runner", "GITHUB_TOKEN": "tok-en-0123456789"}
    values = secret_values(environment)
    assert values == ("s3cr3t/Value+42==", "tok-en-0123456789")
    hygiene = Hygiene(HOME, Redaction(values, secrets_in))
    token = "ghp_" + "a1B2" * 9
    forms = [value, value[::-1], quote(value, safe=""), value.encode().hex(), token, token[:9] + "\u200b" + token[9:],
             token[:9] + "<!-- -->" + token[9:], value[:5] + "\u2060" + value[5:]]  # fmt: skip
    forms += [base64.b64encode(b"x" * n + value.encode() + b"yz").decode() for n in range(4)]
    for form in forms:
        for text in (form, f"`{form}`", form if "<!--" in form else f"```\n{form}\n```"):
            for made in (hygiene.body(text), hygiene.summary(text), hygiene.line(text), hygiene.title(text)):
                assert "[redacted]" in made.replace(BREAK, ""), (text, made)
                assert value not in made
    assert hygiene.body("/home/runner is fine") == "/home/runner is fine"


def test_the_line_for_a_log_is_one_line() -> None:
    assert CLEAN.line("a\n::set-output name=x::y\r\nb\x1b[31m") == "a ::set-output name=x::y b[31m"
    assert len(CLEAN.line("x" * 5000)) == 1000

"""report.md: all of it, under a mebibyte."""

from markdown_it import MarkdownIt

from factory.render.markdown import report
from tests.render.hostile import hostile
from tests.render.stories import accepted, empty, stopped


def test_it_holds_what_the_pull_request_holds_and_the_diff() -> None:
    text = report(accepted())
    for part in (
        "# Cart total ignores the quantity",
        "factory/12-cart-total-1a2b3c4d",
        "budget\\_80",
        "line.quantity < 1",
        "0.87",
    ):
        assert part in text.replace("budget_80", "budget\\_80")


def test_it_stays_under_a_mebibyte_and_says_what_is_missing() -> None:
    text = report(accepted().but(diff="diff --git a/x b/x\n" + "+ü€😀\n" * 1_000_000, trail=("é" * 5000,) * 3000))
    assert len(text.encode()) < 1 << 20
    assert "this is its beginning" in text
    assert "ACCEPT" in text


def test_it_is_written_for_every_run() -> None:
    assert "no verdict" in report(empty())
    assert "No branch was made." in report(stopped())


def test_a_hostile_diff_stays_in_its_fence() -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(report(hostile()))
    assert [token.content for token in tokens if token.type == "heading_open" and token.tag == "h1"] == [""]
    assert [token.info for token in tokens if token.type == "fence"].count("diff") == 1
    blocks = "".join(token.content for token in tokens if token.type == "html_block")
    assert "script" not in blocks.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "").replace("javascript", "")

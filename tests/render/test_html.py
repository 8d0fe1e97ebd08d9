"""report.html: one file, no scripts, nothing loaded, every untrusted word escaped, accessible."""

import re
from html.parser import HTMLParser

import pytest

from factory.contracts.story import Span, Story
from factory.render import html
from factory.render.element import Html, el, marked
from tests.render.hostile import ATTACKS, hostile
from tests.render.stories import accepted, empty, stopped, tidy

VOID = {"meta", "wbr"}
TAGS = set(
    "html head meta title style body a header p h1 h2 h3 h4 span b code dl div dt dd nav main section svg g line "
    "circle rect text table caption thead tbody tr th td ul li details summary pre article footer i wbr".split()
)
ATTRIBUTES = set(
    "lang charset name content http-equiv href class id aria-label aria-labelledby role tabindex scope colspan open "
    "viewbox x y x1 y1 x2 y2 cx cy r rx width height".split()
)


class Page(HTMLParser):
    """What a browser would see: tags in order, ids, text, and whether it nests."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


STORIES = [accepted, stopped, empty, tidy, hostile]


@pytest.mark.parametrize("make", STORIES)
def test_nothing_is_loaded_run_or_linked_to(make: "type[Story]") -> None:
    page = Page(html.page(make()))
    assert page.open == []
    assert page.comments == []
    assert {tag for tag, _ in page.tags} <= TAGS
    assert {name for _, attributes in page.tags for name in attributes} <= ATTRIBUTES
    targets = {attributes["href"] for _, attributes in page.tags if "href" in attributes}
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert all(target and target[0] == "#" and target[1:] in ids for target in targets)
    assert len(ids) == len(set(ids))
    assert "url(" not in html.page(make()).split("</style>")[0]
    policy = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


def test_attacks_are_words_to_be_read() -> None:
    page = Page(html.page(hostile()))
    for attack in ATTACKS:
        if "\x1b" not in attack:
            assert " ".join(attack.split()) in page.text
    raw = html.page(hostile())
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", raw)
    assert "⟨U+202E⟩gnp.exe" in page.text


def test_names_between_backticks_are_set_as_code_and_escaped_all_the_same() -> None:
    assert marked("`a < b` is not `c`.") == "<code>a &lt; b</code> is not <code>c</code>."
    assert marked("one ` alone") + marked("`two\nlines`") == "one ` alone`two\nlines`"
    assert "<script" not in "".join(marked(f"`{attack}` {attack}") for attack in ATTACKS)


def test_elements_escape_what_is_not_markup_already() -> None:
    made = el("p", "<b>", el("i", "x"), None, title='"><script>', open=True)
    assert made == '<p title="&quot;&gt;&lt;script&gt;" open>&lt;b&gt;<i>x</i></p>'
    assert el("p", f"{made}").count("&lt;p") == 1  # formatting makes plain text of markup again
    assert isinstance(made, Html)


@pytest.mark.parametrize("make", STORIES)
def test_it_is_accessible(make: "type[Story]") -> None:
    page = Page(html.page(make()))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == 1
    assert tags.count("caption") == tags.count("table")
    assert all(attributes.get("scope") == "col" for tag, attributes in page.tags if tag == "th")
    pictures = [at for at, (tag, _) in enumerate(page.tags) if tag == "svg"]
    assert all(page.tags[at][1].get("role") == "img" and page.tags[at + 1][0] == "title" for at in pictures)
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-4]", tag)]
    assert levels[:2] == [1, 2]


def test_the_story_is_told() -> None:
    text = Page(html.page(accepted())).text
    parts = (
        "Cart total ignores the quantity; ACCEPT; 87%; claude-opus-5 (frontier, endpoint anthropic); 3 of 4; $0.049; "
        "Escalated from qwen3-27b; 3 m 14 s; Round 1; REVISE; checks not green; wave 1; wave 2; web/café menu.html; "
        "fixed in fix-1; 1 failed, 43 passed; budget_80; You are Atlas; unreachable; Total: 15.00"
    )
    for part in parts.split("; "):
        assert part in text, part
    assert "AUTHORS-OWN-PROSE" not in text


def test_stopped_unsafe_and_recorded_runs_say_so_first() -> None:
    assert "Stopped in plan (budget): The run's $2.00 are spent" in Page(html.page(stopped())).text.split("The line")[0]
    head = Page(html.page(tidy())).text.split("The line")[0]
    assert "WITHOUT a sandbox" in head
    assert "Recorded answers, no live model." in head
    assert "No model judged this." in head


def test_a_huge_run_makes_a_page_of_a_few_megabytes() -> None:
    story = accepted()
    files = "".join(
        f"diff --git a/f{n} b/f{n}\n--- a/f{n}\n+++ b/f{n}\n@@ -1 +1,400 @@\n" + "+x = 1\n" * 400 for n in range(600)
    )
    talks = tuple(story.talks[0].but(n=n, request="word " * 6_000) for n in range(450))
    spans = tuple(
        Span(stage="generate", unit=f"u{n}", kind="exchange", label="x", start=n, seconds=1) for n in range(900)
    )
    page = html.page(story.but(diff=files, talks=talks, spans=spans))
    assert len(page) < 12_000_000
    assert "more files are not shown" in page
    assert "more lanes not drawn" in page

"""The sticky status comment: everything a person asks of it, nothing a forge would act on, never too long."""

import re

import pytest
from markdown_it import MarkdownIt

from factory.render.status import LIMIT, PAST, Link, Past, Stand, State, Status, UnitState, Work, comment, step_summary
from tests.render.hostile import ATTACKS

ACTED_ON = re.compile(r"@\w|(?<![\w&])#\d|\bGH-\d|(?<!\()https?://|\bwww\.\w")
PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
WORK: tuple[tuple[str, State, str], ...] = (
    ("gate", "done", ""), ("plan", "done", "4 units in 2 waves"), ("generate", "running", "3 of 4 are there"),
    ("prove", "waiting", ""),
)  # fmt: skip


def status(**more: object) -> Status:
    facts: dict[str, object] = {
        "run": "gh-7-0123456789ab", "purpose": "swarm", "actor": "ann", "stand": "working",
        "sentence": "The units are being written.",
        "jobs": tuple(Work(name=name, state=state, note=note) for name, state, note in WORK),
        "units": (
            UnitState(id="backend", title="Codes in the total", role="backend", state="done"),
            UnitState(id="page", title="A field on the page", role="frontend", state="failed", note="no edit applies"),
            UnitState(id="proof", title="Tests", role="unit"),
        ),
        "spent": 120_000, "reserved": 2_000_000, "eta": "About 12 m more, as the last 5 runs took.",
        "links": (Link(text="this run", url="https://github.com/acme/shop/actions/runs/5"),),
        "ladder": ("No App token: CI does not start by itself. Click Approve workflows to run.",),
        "history": (Past(at="2026-11-20T12:00:00Z", text="Started by ann, $2.00 reserved."),),
        "updated": "2026-11-20T12:05:00Z",
    }  # fmt: skip
    return Status.model_validate({**facts, **more})


def test_it_says_who_asked_where_it_stands_what_it_costs_and_what_to_type() -> None:
    text = comment(status())
    assert "**At work.** The units are being written." in text
    assert "Asked by `ann`: the swarm. Run `gh-7-0123456789ab`." in text
    assert "- [x] `backend` Codes in the total (backend)" in text
    assert "- [ ] ✗ `page` A field on the page (frontend): no edit applies" in text
    assert "**Plan** (1 of 3 units in)" in text
    assert "| ● | generate | running | 3 of 4 are there |" in text
    assert "Spent $0.120 of $2.00 reserved. About 12 m more, as the last 5 runs took." in text
    assert "[this run](https://github.com/acme/shop/actions/runs/5)" in text
    assert "⚠ No App token: CI does not start by itself." in text
    assert "`/factory stop` end it, keep what is there" in text
    assert "Updated `2026-11-20 12:05:00` UTC" in text
    assert step_summary(status()).startswith("## Dark Factory")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"spent": None}, "$2.00 are reserved."),
        ({"spent": None, "over": True, "stand": "failed"}, "What was spent is not known: all of $2.00 counts."),
        ({"reserved": None}, "Spent $0.120; the settings set no limit."),
        ({"stand": "plan"}, "`/factory approve` go on with this plan"),
        ({"stand": "parked"}, "**Parked.**"),
        ({"stand": "ready"}, "[!TIP]"),
        ({"stand": "refused"}, "**Not started.**"),
    ],
)
def test_every_stand_has_its_words(more: dict[str, object], said: str) -> None:
    assert said in comment(status(**more))


@pytest.mark.parametrize("stand", Stand.__args__)  # type: ignore[attr-defined]  # a Literal has them
def test_the_least_status_is_a_comment_too(stand: Stand) -> None:
    text = comment(Status(run="r", purpose="hunt", actor="x", stand=stand))
    assert "/factory" in text
    assert "None" not in text


def test_history_is_folded_and_at_most_20_lines() -> None:
    many = tuple(Past(at=f"2026-11-20T12:{n:02d}:00Z", text=f"event {n}") for n in range(50))
    text = comment(status(history=many))
    rows = re.findall(r"^- .*$", text[text.index("<details>") :], re.MULTILINE)[:PAST]
    assert len(rows) == PAST
    assert rows[0] == "- … 31 earlier"
    assert rows[-1].endswith("event 49")


@pytest.mark.parametrize("attack", ATTACKS)
def test_out_04_to_07_what_people_and_models_wrote_stays_words(attack: str) -> None:
    """OUT-04, OUT-05, OUT-06, OUT-07: no tag, mention, link, image, reference or marker of theirs in the comment."""
    bad = status(
        actor=attack, sentence=attack, eta=attack, run=attack[:40],
        jobs=(Work(name=attack, state="failed", note=attack, url=attack),),
        units=(UnitState(id=attack, title=attack, role=attack, state="failed", note=attack),),
        links=(Link(text=attack, url=attack), Link(text=attack, url="https://evil.example/x")),
        ladder=(attack,), history=(Past(at=attack, text=attack),), updated=attack,
    )  # fmt: skip
    text = comment(bad)
    html = PARSER.render(text)
    tags = {tag.lower() for tag in re.findall(r"</?[a-zA-Z][a-zA-Z0-9]*", html)}
    assert tags <= {f"{slash}{name}" for slash in ("<", "</") for name in _OURS}
    assert "<a " not in html
    assert "<!--" not in text
    outside = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)  # forges do not look for references in code
    assert not ACTED_ON.search(outside), outside
    assert not re.search("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\x1b]", text)


_OURS = ("p", "strong", "code", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "details",
         "summary", "sub", "br", "em")  # fmt: skip


def test_out_08_a_status_is_never_too_long() -> None:
    """OUT-08: whatever it is fed, the comment stays under GitHub's limit with its head and its commands whole."""
    words = "wörds | <b> @x #1 " * 400
    huge = status(
        sentence=words, jobs=tuple(Work(name=words, state="failed", note=words) for _ in range(256)),
        units=tuple(UnitState(id=f"u{n}", title=words, note=words) for n in range(24)),
        history=tuple(Past(at="2026-11-20T12:00:00Z", text=words) for _ in range(300)), ladder=(words,) * 40,
    )  # fmt: skip
    text = comment(huge)
    assert len(text) <= LIMIT
    assert text.startswith("> [!NOTE]")
    assert "`/factory status`" in text

"""Findings on lines of a diff: only lines that it shows, only exact replacements are suggestions, nothing dropped."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.contracts.finding import Finding, finding
from factory.git import Store
from factory.render.check import MOST, annotations, conclusion, summary, title
from factory.render.inline import Shown, placed, said, suggestion
from factory.render.inline import summary as review_summary
from factory.target import resolve
from tests.line.targets import git, repository
from tests.render.hostile import ATTACKS
from tests.render.parts import DIFF
from tests.render.stories import accepted, empty, stopped


def found(path: str = "shop/cart.py", start: int = 14, end: int = 0, **more: object) -> Finding:
    made = finding("hydra.correctness", "boundary", "A zero slips through.", path=path, start=start, end=end)
    return Finding.model_validate({**made.model_dump(), **more})


@pytest.mark.parametrize(
    ("path", "start", "end", "shown"),
    [
        ("shop/cart.py", 13, 13, True),
        ("shop/cart.py", 10, 18, True),
        ("shop/cart.py", 9, 10, False),
        ("shop/cart.py", 18, 19, False),
        ("tests/test_cart.py", 24, 28, True),
        ("web/café menu.html", 1, 2, True),
        ("web/café menu.html", 3, 3, False),
        ("elsewhere.py", 1, 1, False),
    ],
)
def test_a_comment_may_sit_on_the_lines_that_one_hunk_shows(path: str, start: int, end: int, shown: bool) -> None:
    assert (Shown(DIFF).lines(path, start, end) is not None) == shown


def test_what_the_diff_does_not_show_goes_to_the_summary() -> None:
    items = [
        found(),
        found(start=10, end=12, severity="high"),
        found(start=16, end=40, severity="low"),
        found(path="other.py", start=3, severity="critical"),
        found(start=0, rule="whole", severity="info"),
    ]
    made = placed(items, DIFF, 20)
    assert [(note.path, note.start, note.line) for note in made.notes] == [
        ("shop/cart.py", 10, 12), ("shop/cart.py", 0, 14), ("shop/cart.py", 0, 16),
    ]  # fmt: skip
    assert [item.path for item in made.rest] == ["other.py", "shop/cart.py"]
    text = review_summary(made.rest, len(made.notes))
    assert text.startswith("5 open findings, 3 on lines of the diff.")
    assert "**Critical** `other.py:3`: A zero slips through." in text


def test_exf_14_at_most_so_many_notes_the_worst_first() -> None:
    """EXF-14: however many findings a model makes, the number of comments is bounded."""
    items = [found(start=10 + n % 9, severity="high" if n == 99 else "low", rule=f"r{n}") for n in range(100)]
    made = placed(items, DIFF, 20)
    assert (len(made.notes), len(made.rest)) == (20, 80)
    assert made.notes[0].body.startswith("**High**")
    assert placed(items, DIFF, 0).notes == ()
    assert review_summary(made.rest, 20).count("\n- ") == 61


FIXED = "            if line.quantity <= 0:"


def test_a_fix_that_replaces_exactly_its_lines_is_a_suggestion() -> None:
    item = found(start=13, evidence="if line.quantity < 1:", fix=f"```python\n{FIXED}\n```")
    (note,) = placed([item], DIFF, 5).notes
    assert f"```suggestion\n{FIXED}\n```" in note.body


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"fix": FIXED}, "words or code, it does not say"),
        ({"fix": f"Do this:\n```\n{FIXED}\n```"}, "words around it"),
        ({"fix": f"```\n{FIXED}\n```", "evidence": "if x:"}, "it quotes another line"),
        ({"fix": f"```\n{FIXED}\n```", "evidence": ""}, "it quotes nothing"),
        ({"fix": f"```\n{FIXED}\n```", "end": 40}, "its end is not in the diff"),
        ({"fix": f"```\n{FIXED}\u202e\n```"}, "a character that reorders"),
        ({"fix": "```\n            if line.quantity < 1:\n```"}, "nothing changes"),
        ({"fix": "```\n" + "x\n" * 60 + "```"}, "too long"),
        ({"fix": f"```\n{FIXED} # <!-- factory:v1 -->\n```"}, "a marker in it"),
    ],
)
def test_any_other_fix_is_words(more: dict[str, object], why: str) -> None:
    facts: dict[str, object] = {"start": 13, "evidence": "if line.quantity < 1:", **more}
    (note,) = placed([found(**facts)], DIFF, 5).notes  # type: ignore[arg-type]  # each value has its field's type
    assert "```suggestion" not in note.body, why


def test_a_suggestion_may_delete_its_lines() -> None:
    item = found(fix="```\n\n```", evidence="x")
    assert suggestion(item, ("x",)) == ""
    assert "```suggestion\n```" in said(item, "")


@pytest.mark.parametrize("attack", ATTACKS)
def test_out_05_a_finding_s_words_stay_words(attack: str) -> None:
    """OUT-04, OUT-05, OUT-06, OUT-07 for inline comments, the review's summary and annotations."""
    item = found(evidence=attack, fix=attack, severity="high").but(
        message=attack, source=attack, rule=attack, category=attack
    )
    for text in (said(item), review_summary([item], 0), *(note.body for note in placed([item], DIFF, 1).notes)):
        outside = re.sub(r"`[^`]*`|<code>.*?</code>", "", text)
        assert not re.search(r"<!--|@\w|(?<!&)#\d|GH-\d|://|<script|<img|\x1b|[\u202a-\u202e]", outside), text
    (note,) = annotations([item])
    assert not re.search(r"@\w|\x1b|[\u202a-\u202e\u2066-\u2069]", note.title + note.message)


def test_the_check_run_is_green_only_for_an_accepted_change() -> None:
    assert conclusion(accepted()) == "success"
    assert conclusion(empty()) == "neutral"
    assert conclusion(stopped()) in ("neutral", "failure")
    story = accepted()
    assert story.run.evidence
    red = story.but(run=story.run.but(evidence=story.run.evidence.but(tampered=True)))
    assert conclusion(red) == "failure"
    assert title(story).startswith("ACCEPT: Judged by claude-opus-5")
    assert "## Tests before and after" in summary(story)
    assert len(summary(story)) < 65_000


def test_annotations_are_open_findings_with_a_line_in_one_request() -> None:
    items = [found(start=n, rule=f"r{n}") for n in range(1, 80)] + [found(fate="fixed in fix-1"), found(start=0)]
    made = annotations(items)
    assert len(made) == MOST
    assert all(each.start and each.end >= each.start for each in made)
    assert annotations([found(severity="critical")])[0].level == "failure"


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=12), st.data())
def test_what_is_called_shown_is_in_git_s_own_diff(edits: list[tuple[int, int]], data: st.DataObject) -> None:
    """Against real diffs: each line called shown has the text that the new file has there."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        old = [f"line {n}" for n in range(30)]
        new = list(old)
        for place, kind in edits:
            if kind == 0:
                new.insert(place, data.draw(st.sampled_from(("added", "", "+++ b/x", "@@ -1 +1 @@", "--- a"))))
            elif new and kind == 1:
                new.pop(place % len(new))
        repo = repository(Path(folder) / "r", {"a.txt": "\n".join(old) + "\n"})
        store, (_, _, before) = Store(Path(folder) / "s.git", repo), resolve(repo, "")
        (repo / "a.txt").write_text("\n".join(new) + "\n")
        git(repo, "commit", "-qam", "x", "--allow-empty")
        shown = Shown(store.diff(before, resolve(repo, "")[2]))
        for number, text in enumerate(new, 1):
            assert shown.lines("a.txt", number, number) in (None, (text,))

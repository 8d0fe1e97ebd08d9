"""Edit blocks: the taught format, what a model gets slightly wrong, what must be refused, and the round trip."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.contracts.change import Edit
from factory.contracts.errors import EditProblem
from factory.edits.blocks import parse, show
from tests.edits.repository import delete, rename, replace, write

TAUGHT = """I will fix the sum.

### edit shop/cart.py
<<<<<<< SEARCH
    return a
=======
    return a + b
>>>>>>> REPLACE
<<<<<<< SEARCH
x = 1
=======
>>>>>>> REPLACE

### write docs/new file.md
<<<<<<< CONTENT
# Title

text
>>>>>>> END

### delete old.py

### rename a/b.py => a/c.py
Done.
"""

EDITS = (
    replace("shop/cart.py", "    return a\n", "    return a + b\n"),
    replace("shop/cart.py", "x = 1\n", ""),
    write("docs/new file.md", "# Title\n\ntext\n"),
    delete("old.py"),
    rename("a/b.py", "a/c.py"),
)


def test_the_taught_format() -> None:
    assert parse(TAUGHT) == EDITS


def test_no_blocks_is_no_edits() -> None:
    assert parse("") == ()
    assert parse("Title\n=======\n\n```python\nx = 1\n```\nI am ### edit prose.\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        TAUGHT.replace("\n", "\r\n"),
        TAUGHT.replace("<<<<<<< SEARCH", "<<<<<<< SEARCH   ").replace("=======\n", "======= \n"),
        TAUGHT.replace("<<<<<<< SEARCH", "```python\n<<<<<<< SEARCH").replace(
            ">>>>>>> REPLACE", ">>>>>>> REPLACE\n```"
        ),
        TAUGHT.replace("shop/cart.py", "`shop/cart.py`"),
        TAUGHT.replace("<<<<<<<", "<<<<<<<<<").replace("=======", "=========").replace(">>>>>>>", ">>>>>>>>>"),
    ],
    ids=["crlf", "trailing spaces", "fences", "backticks", "long markers"],
)
def test_tolerates(text: str) -> None:
    assert parse(text) == EDITS


REFUSED = {
    "cut off in search": ("### edit a\n<<<<<<< SEARCH\nx\n", "truncated", "cut off"),
    "cut off in replace": ("### edit a\n<<<<<<< SEARCH\nx\n=======\ny\n", "truncated", "cut off"),
    "cut off in content": ("### write a\n<<<<<<< CONTENT\nx\n", "truncated", "line 2"),
    "header only": ("### edit a\nsome words", "malformed", "no block"),
    "no header": ("<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n", "malformed", "### edit path"),
    "content under edit": ("### edit a\n<<<<<<< CONTENT\nx\n>>>>>>> END\n", "malformed", "### write path"),
    "two divider lines": (
        "### edit a\n<<<<<<< SEARCH\nA\n=======\nB\n=======\nC\n>>>>>>> REPLACE",
        "malformed",
        "longer",
    ),
    "block in block": ("### edit a\n<<<<<<< SEARCH\nx\n<<<<<<< SEARCH\ny\n", "malformed", "longer markers"),
    "end inside content": (
        "### write a\n<<<<<<< CONTENT\nx\n>>>>>>> END\ny\n>>>>>>> END\n",
        "malformed",
        "outside a block",
    ),
    "replace without divider": ("### edit a\n<<<<<<< SEARCH\nx\n>>>>>>> REPLACE\n", "malformed", "======="),
    "rename without target": ("### rename a\n", "malformed", "=>"),
    "second content": (
        "### write a\n<<<<<<< CONTENT\n>>>>>>> END\n<<<<<<< CONTENT\n>>>>>>> END",
        "malformed",
        "header",
    ),
}


@pytest.mark.parametrize(("text", "rule", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_by_name(text: str, rule: str, words: str) -> None:
    with pytest.raises(EditProblem) as caught:
        parse(text)
    assert caught.value.rule == rule
    assert words.lower() in str(caught.value).lower()


def test_content_with_markers_survives_in_longer_markers() -> None:
    conflict = "<<<<<<< SEARCH\nours\n=======\ntheirs\n>>>>>>> REPLACE\n>>>>>>> END\n"
    edits = (write("notes.md", conflict), replace("Install.rst", "Install\n=======\n", "Set-up\n=======\n"))
    assert "<<<<<<<< CONTENT" in show(edits)
    assert parse(show(edits)) == edits


TEXT = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "<<<<<<< CONTENT", ">>>>>>> END", "========", "### edit x",
             "### delete y", "```", "\\ No newline at end of file", "\\ Newline at end of file", "", "\r", "x\r"]
        ),
    ),
    max_size=8,
).flatmap(lambda parts: st.sampled_from(["\n".join(parts), "".join(part + "\n" for part in parts)]))  # fmt: skip
PATH = st.one_of(
    st.sampled_from(["a.py", "a b.py", "x => y", '"q"', "`t`", " s ", "n\nl"]), st.text(min_size=1, max_size=12)
)
EDIT = st.one_of(
    st.builds(replace, PATH, TEXT, TEXT),
    st.builds(write, PATH, TEXT),
    st.builds(delete, PATH),
    st.builds(rename, PATH, PATH),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EDIT, max_size=4).map(tuple))
def test_round_trip(edits: tuple[Edit, ...]) -> None:
    assert parse(show(edits)) == edits


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except EditProblem:
        return
    assert parse(show(found)) == found

"""Fixes without a model: right where they are made, and not made where they would not be."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.finding import Finding, finding
from factory.hunt.fixes import FIXES, codemods, lacking, mended
from factory.hunt.fixes.ruff import Edit, applied


def at(line: int, end: int = 0, path: str = "shop/cart.py") -> Finding:
    return finding("hunt", "rule", "m", path=path, start=line, end=end or line)


def test_every_codemod_that_a_detector_names_is_there() -> None:
    from factory.hunt.detectors import all_detectors

    assert {each.codemod for each in all_detectors() if each.codemod} <= set(FIXES)
    assert set(codemods().values()) <= set(FIXES)


def test_without_their_library_it_is_said_that_none_was_tried() -> None:
    assert lacking() == ""
    assert lacking("no_such_library") == (
        "No fix was tried: no_such_library is not installed: install dark-factory[hunt]."
    )


def test_a_bare_except_lets_exits_through_and_nothing_else_changes() -> None:
    text = "try:\n    go()\nexcept  :  # why\n    log()\ntry:\n    a()\nexcept:\n    b()\n"
    assert mended(text, at(3), "except-exception") == text.replace("except  :", "except Exception:")


@pytest.mark.parametrize(
    "body",
    ["    undo()\n    raise\n", "    sys.exit(1)\n", "    os._exit(2)\n", "    report(sys.exc_info())\n",
     "    raise SystemExit\n"],
)  # fmt: skip
def test_a_bare_except_that_means_it_stays(body: str) -> None:
    assert mended(f"try:\n    go()\nexcept:\n{body}", at(3), "except-exception") is None


def test_a_bare_except_stays_where_exception_means_something_else() -> None:
    text = "from errors import Problem as Exception\ntry:\n    go()\nexcept:\n    pass\n"
    assert mended(text, at(4), "except-exception") is None


def test_a_mutable_default_is_made_anew_by_each_call() -> None:
    text = '''def add(item, to=[], *, by={"a": 1}):
    """Doc."""
    to.append(item)  # odd   spacing
    return to, by
'''
    new = mended(text, at(1), "none-default")
    assert new is not None
    assert "to=None, *, by=None" in new
    assert "to.append(item)  # odd   spacing" in new
    scope: dict[str, object] = {}
    exec(compile(ast.parse(new), "x", "exec"), scope)
    add = scope["add"]
    assert [add(1), add(2), add(3, [0])] == [([1], {"a": 1}), ([2], {"a": 1}), ([0, 3], {"a": 1})]  # type: ignore[operator]
    assert add.__doc__ == "Doc."


@pytest.mark.parametrize(
    "text",
    [
        "@app.command()\ndef f(x=[]):\n    return x\n",  # somebody reads the signature
        "\ndef f(x=[]):\n    if x is None:\n        return 1\n    return x\n",  # None means something already
        "\ndef f(x, cache={}):\n    return cache.setdefault(x, x)\n",  # the shared value is meant
        "\ndef f(x: list[int] = []):\n    return x\n",  # the annotation would be wrong
        "\ndef f(x=[y for y in Z]):\n    return x\n",  # not the same value in each call
        "\ndef f(x=[]):\n    ...\n",
        "\ndef f(x=[]): return x\n",
        "\ng = lambda x=[]: x\n",
    ],
)
def test_a_mutable_default_stays_where_that_is_not_certain(text: str) -> None:
    assert mended(text, at(2), "none-default") is None


def test_an_annotated_default_gets_its_none_where_annotations_are_not_evaluated() -> None:
    text = "from __future__ import annotations\ndef f(x: list[int] = [], y: list | None = []):\n    return x, y\n"
    new = mended(text, at(2), "none-default")
    assert new is not None
    assert "x: list[int] | None = None, y: list | None = None" in new


def test_one_unused_import_goes_and_the_others_stay() -> None:
    text = "import os, sys\nimport json\nprint(sys)\n"
    assert mended(text, at(2), "ruff") == "import os, sys\nprint(sys)\n"
    assert mended(text, at(1), "ruff") == "import sys\nimport json\nprint(sys)\n"
    assert mended("import os\n", at(1, path="shop/__init__.py"), "ruff") is None, "a package may re-export it"


@pytest.mark.parametrize("codemod", sorted(FIXES))
@pytest.mark.parametrize("text", ["", "def f(:\n", "\0", "x = 1\n", "\ufeffimport os\n", "(" * 5000])
def test_what_cannot_be_mended_is_left_as_it_is(codemod: str, text: str) -> None:
    new = mended(text, at(1), codemod)
    assert new is None or new != text


@given(st.text(alphabet="ab\n\r\x0c\u2028é", max_size=40), st.data())
def test_edits_count_lines_as_parsers_do(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    before = text[:place]
    row = before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    if text[place - 1 : place + 1] == "\r\n":
        return
    column = place - max(before.rfind("\n"), before.rfind("\r"))
    assert applied(text, [Edit((row, column), (row, column), "X")]) == before + "X" + text[place:]
    assert applied(text, [Edit((999, 1), (999, 2), "X")]) is None


@pytest.mark.parametrize(
    "text",
    ["def f(n, d={0: 0}):\n    if n not in d:\n        d[n] = f(n - 1)\n    return d[n]\n",
     "def f(counts=[0]):\n    counts[0] += 1\n    return counts[0]\n",
     "def f(a=[]):\n    a.append(1)\n\n\nf.__defaults__[0].clear()\n",
     "def f(a=list()):\n    return a.x\n\n\nlist = tuple\n"],
)  # fmt: skip
def test_a_default_that_is_a_memory_stays(text: str) -> None:
    assert mended(text, at(1), "none-default") is None


def test_an_annotation_in_quotes_stays() -> None:
    text = "from __future__ import annotations\ndef f(a: 'list' = []):\n    a.append(1)\n"
    assert mended(text, at(2), "none-default") is None


@pytest.mark.parametrize(
    "text",
    ["try:\n    x = input()\nexcept:\n    x = ''\n", "try:\n    signal.pause()\nexcept:\n    print('bye')\n",
     "try:\n    sys.exit(main())\nexcept:\n    code = 1\n", "try:\n    save()\nexcept:\n    db.rollback()\n"],
)  # fmt: skip
def test_a_bare_except_that_is_for_ctrl_c_stays(text: str) -> None:
    assert mended(text, at(3), "except-exception") is None


def test_a_bare_except_behind_except_exception_stays() -> None:
    text = "try:\n    a()\nexcept Exception:\n    b()\nexcept:\n    print('ctrl-c')\n"
    assert mended(text, at(5), "except-exception") is None


@pytest.mark.parametrize(
    "text",
    ['import math\ndef f():\n    """\n    >>> math.pi > 3\n    True\n    """\n',
     "from typing import List\ndef f(a):\n    # type: (List[int]) -> None\n    pass\n",
     "import math\ndef f(words):\n    return eval(words)\n", "from x import a\ndef f(n):\n    return globals()[n]\n",
     "import models.user\n"],
)  # fmt: skip
def test_an_import_that_only_text_asks_for_stays(text: str) -> None:
    assert mended(text, at(1), "ruff") is None

"""The picture: whole XML, nothing from outside, no two boxes over each other, hostile names as text."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.codegraph.facts import Facts, Import, Use
from factory.codegraph.graph.graph import Graph
from factory.codegraph.graph.picture import picture
from tests.codegraph.graph.test_graph import shop
from tests.codegraph.listed import ListedView, facts, symbol

SVG = "{http://www.w3.org/2000/svg}"


def crowd(size: int) -> ListedView:
    """A function that `size` files and as many tests use, and that calls as many others."""
    files: dict[str, Facts | str] = {
        "core.py": facts(symbol("core", 1, 90), *(Use(f"part{n}", n + 2, "call") for n in range(size)),
                         Import("parts", ("*",), 1)),
        "parts.py": facts(*(symbol(f"part{n}", n * 3 + 1, n * 3 + 2) for n in range(size))),
    }  # fmt: skip
    for n in range(size):
        user = facts(Import("core", ("core",), 1), symbol(f"use{n}", 2, 9), Use("core", 3, "call"))
        files |= {f"use{n}.py": user, f"tests/test_{n}.py": user}
        files[f"far{n}.py"] = facts(
            Import(f"use{n}", (f"use{n}",), 1), symbol(f"far{n}", 2, 9), Use(f"use{n}", 3, "call")
        )
    return ListedView(files)


def boxes(drawing: str) -> list[tuple[float, float, float, float]]:
    """(left, top, right, bottom) of each box that is no part of the legend."""
    found = []
    for group in ElementTree.fromstring(drawing).findall(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        x, y, wide, tall = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        found.append((x, y, x + wide, y + tall))
    return found


@pytest.mark.parametrize(("size", "depth"), [(1, 1), (3, 2), (30, 1), (30, 2)])
def test_no_box_lies_over_another_and_all_are_on_the_paper(size: int, depth: int) -> None:
    drawing = picture(Graph(crowd(size)), "core", depth)
    placed = boxes(drawing)
    assert len(placed) > size
    for number, (left, top, right, bottom) in enumerate(placed):
        for other in placed[number + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    x, y, wide, tall = map(float, ElementTree.fromstring(drawing).attrib["viewBox"].split())
    assert all(x <= box[0] and y <= box[1] and box[2] <= x + wide and box[3] <= y + tall for box in placed)


def test_a_group_says_how_many_it_leaves_off() -> None:
    drawing = picture(Graph(crowd(30)), "core")
    assert "uses it (12 of 30 shown)" in drawing
    assert "tests it (12 of 30 shown)" in drawing


def test_kinds_of_ties_are_told_apart_and_explained() -> None:
    drawing = picture(Graph(shop()), "Cart")
    for kind, meaning in (("l-use", "uses"), ("l-base", "inherits from"), ("l-test", "tests")):
        assert f'class="line {kind}"' in drawing
        assert f">{meaning}</text>" in drawing
    assert len(set(re.findall(r"\.l-\w+\{stroke:([^;]+)", drawing))) == 5
    assert drawing.count('class="box centre"') == 1
    assert "prefers-color-scheme:dark" in drawing


def test_a_file_and_a_symbol_that_nothing_is_tied_to() -> None:
    assert ElementTree.fromstring(picture(Graph(shop()), "shop/bill.py", 2)).tag == f"{SVG}svg"
    alone = picture(Graph(ListedView({"a.py": facts(symbol("alone", 1, 2))})), "alone")
    assert len(boxes(alone)) == 1


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=60).filter(lambda name: "/" not in name))
def test_any_name_is_text_and_the_document_is_whole(name: str) -> None:
    view = ListedView({f"{name}.py": facts(symbol("f", 1, 9)), "b.py": facts(symbol(name, 1, 9), Use("f", 2, "call"))})
    drawing = picture(Graph(view), "f")
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(drawing).iter()}
    assert tags <= {"svg", "title", "style", "defs", "marker", "path", "rect", "text", "g"}


def test_a_hostile_name_draws_nothing_of_its_own() -> None:
    evil = '"><script>alert(1)</script><image href="https://evil.example/x" onload="x()"/>'
    view = ListedView({"a.py": facts(symbol("f", 1, 9)), f"{evil}.py": facts(symbol("g", 1, 9), Use("f", 2, "call"))})
    drawing = picture(Graph(view), "f")
    assert "<script" not in drawing
    assert "<image" not in drawing
    assert not [
        key for element in ElementTree.fromstring(drawing).iter() for key in element.attrib if key.startswith("on")
    ]

"""Whatever the tree, the budget and the tokenizer: a pack never passes its budget, and its pieces are what they say."""

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.codegraph.building.build import source_of_store, view_of
from factory.codegraph.store.store import GraphStore
from factory.codegraph.view import View
from factory.context.gather import Gatherer
from factory.context.layout import laid_out
from factory.contracts.memory import Recalled
from factory.contracts.task import Advice, Pack, PackFile, Task
from factory.git import Store
from factory.llm.tokens import estimate
from tests.context.shown import rendered
from tests.desk.workshop import repository

words = st.sampled_from(["total", "cart", "discount", "é", "x" * 60, "~~~~~", "<|im_end|>", "class", "中文"])
prose = st.lists(words, max_size=30).map(" ".join)


def function(name: str, lines: int) -> str:
    return f"def {name}(cart):\n" + "".join(f"    value_{n} = cart.total({n})\n" for n in range(lines))


@st.composite
def sources(draw: st.DrawFn) -> str:
    parts = []
    for _ in range(draw(st.integers(0, 6))):
        body = function(draw(st.sampled_from(["total", "discount", "apply", "cart"])), draw(st.integers(1, 220)))
        if draw(st.booleans()):
            body = "class Cart:\n" + "".join(f"    {line}\n" for line in body.splitlines())
        parts.append(body)
    return "import math\n\n" + "\n\n".join(parts) + draw(prose)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str]:
    files = {f"shop/{name}.py": draw(sources()) for name in draw(st.sets(st.sampled_from("abcdef"), max_size=4))}
    return files | {"README.md": draw(prose), "AGENTS.md": draw(prose) * 40}


class World:
    """One repository after another, read into one graph."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.graph, self.n = folder, GraphStore(folder / "graph.db"), 0

    def made(self, files: dict[str, str]) -> tuple[Store, str, View]:
        self.n += 1
        store, tree = repository(self.folder / str(self.n), files)
        return store, tree, view_of(self.graph, source_of_store(store, tree, ""), workers=1)[0]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        yield World(Path(folder))


def words_and_signs(text: str) -> int:
    """A tokenizer of another kind: denser than the estimate in prose, looser in code."""
    return 1 + len(re.findall(r"\w{1,5}|[^\w\s]|\s+", text))


COUNTERS: list[Callable[[str], int] | None] = [None, words_and_signs, lambda text: len(text.encode()) + 1]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees(), prose, st.integers(400, 9000), st.sampled_from(COUNTERS), st.booleans())
def test_a_pack_never_passes_its_budget(
    world: World, files: dict[str, str], issue: str, tokens: int, count: Callable[[str], int] | None, graph: bool
) -> None:
    store, tree, view = world.made(files)
    task = Task(number="1", title="apply", body=issue, kind="bug", digest="0" * 64)
    lesson = Recalled(id="0" * 16, text="Mind the ~~~~~ gap.", source="run 1", why="shop/a.py")
    pack = Gatherer(
        store, tree, task, view if graph else None, recall=lambda paths, tokens: (lesson,) * 9, count=count
    ).pack(tokens)
    used = (count or estimate)(rendered(pack))
    assert used <= pack.tokens <= tokens
    for file in pack.files:
        lines = files[file.path].split("\n")
        assert file.text == "\n".join(lines[file.start - 1 : file.end]) + ("\n" if file.text.endswith("\n") else "")
        if graph:
            for one in view.facts(file.path).symbols:
                cut = one.start <= file.end and one.end >= file.start and not (
                    file.start <= one.start and one.end <= file.end
                )  # fmt: skip
                assert not cut or one.full in file.why or "more are cut" in file.why


texts = st.text(alphabet="ab ~`\n<|é", max_size=60)


@given(
    texts, texts, st.lists(st.tuples(texts, texts, texts), max_size=4), st.lists(st.tuples(texts, texts), max_size=3)
)
def test_what_is_measured_is_never_shorter_than_what_is_rendered(
    tree: str, outline: str, files: list[tuple[str, str, str]], advice: list[tuple[str, str]]
) -> None:
    pack = Pack(
        tree=tree, tree_omitted=12, map=outline,
        files=tuple(PackFile(path=path, start=1, end=2, text=text, why=why) for path, text, why in files),
        advice=tuple(Advice(path=path, text=text) for path, text in advice),
        lessons=tuple(Recalled(id="0" * 16, text=text, source=path) for path, text in advice),
    )  # fmt: skip
    assert len(rendered(pack).encode()) <= len(laid_out(pack).encode())

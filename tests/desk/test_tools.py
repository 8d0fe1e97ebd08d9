"""The tools on a draft; the hostile paths of the security cases."""

from pathlib import Path

import pytest

from factory.contracts.errors import BadReply
from factory.desk.tools import READ_LINES, Bench
from factory.edits.blocks import parse
from factory.edits.draft import Draft
from factory.edits.paths import PathPolicy
from tests.desk.workshop import EDIT, FILES, UNIT, gate, repository

LONG = {"long.py": "".join(f"x{n} = {n}\n" for n in range(1, 1001))}


@pytest.fixture
def trail() -> list[tuple[str, dict[str, object]]]:
    return []


@pytest.fixture
def bench(tmp_path: Path, trail: list[tuple[str, dict[str, object]]]) -> Bench:
    store, tree = repository(tmp_path, FILES | LONG | {"src/a b/new file.py": "deep = 1\n"})
    draft = Draft(store, tree, UNIT.owns, PathPolicy())
    return Bench(draft, store, lambda tree, selection: "12 passed\n" * 5000, lambda *row: trail.append(row), gate())


PIT_01 = ("/proc/self/environ", "/proc/1/environ", "/proc/self/../self/environ")
PIT_02 = ("../../.ssh/id_ed25519", "~/.netrc", "/home/runner/.credentials", "_work/../.runner", ".git/config",
          "shop/../../x", "C:/x", "..\\x")  # fmt: skip


@pytest.mark.parametrize("path", [*PIT_01, *PIT_02])
def test_pit_01_pit_02_a_path_outside_is_a_tool_error_and_a_line_in_the_trail(
    bench: Bench, trail: list[tuple[str, dict[str, object]]], path: str
) -> None:
    for name, arguments in (
        ("read_file", {"path": path}),
        ("list_files", {"glob": path}),
        ("search", {"pattern": "root", "glob": path}),
    ):
        result = bench.use(name, arguments)
        assert result.text.startswith("error: outside worktree"), name
        assert result.pieces == ()
    assert [event for event, _ in trail] == ["path_denied"] * 3
    assert trail[0][1]["path"] == path


def test_read_gives_the_lines_asked_for(bench: Bench) -> None:
    result = bench.use("read_file", {"path": "./long.py", "start": 10, "end": 12})
    assert result.text == "long.py, lines 10 to 12 of 1000:\nx10 = 10\nx11 = 11\nx12 = 12\n"
    (piece,) = result.pieces
    assert (piece.path, piece.start, piece.end, piece.bytes) == ("long.py", 10, 12, 27)


def test_read_stops_at_the_most_lines_and_says_where(bench: Bench) -> None:
    assert bench.use("read_file", {"path": "long.py"}).text.startswith(f"long.py, lines 1 to {READ_LINES} of 1000:")
    assert "lines 9 to 9 of" in bench.use("read_file", {"path": "long.py", "start": 9, "end": 3}).text
    assert "lines 1000 to 1000" in bench.use("read_file", {"path": "long.py", "start": 5000}).text


def test_a_missing_file_names_the_near_one(bench: Bench) -> None:
    assert "shop/cart.py" in bench.use("read_file", {"path": "cart.py"}).text


def test_search_sees_the_edits_and_takes_globs(bench: Bench) -> None:
    bench.draft.apply(parse(EDIT))
    assert bench.use("search", {"pattern": r"discount=\d"}).text.endswith("shop/cart.py:1:def total(cart, discount=0):")
    assert bench.use("search", {"pattern": "total", "glob": "test_*.py"}).text.startswith(
        "3 lines match 'total' in **/"
    )
    assert bench.use("search", {"pattern": "deep"}).text.endswith("src/a b/new file.py:1:deep = 1")
    assert [piece.path for piece in bench.use("search", {"pattern": "def"}).pieces] == [
        "shop/cart.py",
        "tests/test_cart.py",
    ]
    assert bench.use("search", {"pattern": "nowhere"}).text == "0 lines match 'nowhere'."


@pytest.mark.parametrize(
    "pattern", ["def total(", "[", r"(a)\1", "((x{1,999}){1,999}){1,999}", "-e", "--help", "(?i)total"]
)
def test_no_pattern_breaks_the_search(bench: Bench, pattern: str) -> None:
    assert "match" in bench.use("search", {"pattern": pattern}).text


def test_a_null_byte_is_the_models_error(bench: Bench) -> None:
    with pytest.raises(BadReply, match="search: pattern"):
        bench.use("search", {"pattern": "a\0b"})


def test_a_pattern_that_is_none_is_taken_literally(bench: Bench) -> None:
    assert "shop/cart.py:1:def total(cart):" in bench.use("search", {"pattern": "total("}).text


def test_list(bench: Bench) -> None:
    assert bench.use("list_files", {"glob": "*.md"}).text == "1 files match **/*.md:\nREADME.md"
    assert bench.use("list_files", {"glob": "shop"}).text.endswith("shop/cart.py")
    assert bench.use("list_files", {}).text.startswith("5 files match **")


def test_long_test_output_keeps_head_and_tail(bench: Bench) -> None:
    result = bench.use("run_tests", {"selection": None})
    assert len(result.text) < 9000
    assert "[... cut ...]" in result.text
    assert result.gone == "[output dropped: tests (all): 12 passed]"


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("shell", {"command": "id"}, "there is no tool 'shell'; there are: read_file"),
        ("read_file", {}, "path: Field required"),
        ("read_file", {"path": "a", "lines": 3}, "lines: Extra inputs"),
        ("read_file", {"path": "a", "start": -1}, "start: "),
    ],
)
def test_wrong_calls_are_named(bench: Bench, name: str, arguments: dict[str, object], problem: str) -> None:
    with pytest.raises(BadReply, match=problem):
        bench.use(name, arguments)


@pytest.mark.parametrize(
    "selection", ["-p evil --rootdir=/ ; id", "tests/../../x", "tests/a.py;id", "$(id)", "`id`", "/etc/passwd", "a|b"]
)
def test_inj_07_a_selection_is_test_ids_and_nothing_else(bench: Bench, selection: str) -> None:
    ran: list[str] = []
    made = Bench(bench.draft, bench.trees, lambda tree, words: ran.append(words) or "ran", bench.note, gate())
    assert made.use("run_tests", {"selection": selection}).text.startswith("error: ")
    assert ran == []
    assert made.use("run_tests", {"selection": "tests/test_cart.py::T::test_a[x-1] tests/"}).text == "ran"


def test_inj_08_names_that_look_like_options_are_only_names(tmp_path: Path) -> None:
    names = ("-rf", "--upload-pack=sh", ";id", "$(id)", "-e", "--open-files-in-pager=id")
    store, tree = repository(tmp_path, {name: f"text of {name}\n" for name in names} | FILES)
    made = Bench(Draft(store, tree, UNIT.owns, PathPolicy()), store, lambda tree, words: "", lambda *row: None, gate())
    listed = made.use("list_files", {}).text
    for name in names:
        assert f"\n{name}\n" in f"{listed}\n"
        assert f"text of {name}" in made.use("read_file", {"path": name}).text
        assert name in made.use("search", {"pattern": "text of", "glob": name}).text
    assert "text of -e" in made.use("search", {"pattern": "-e"}).text
    assert "--open" in made.use("search", {"pattern": "--open-files-in-pager=id"}).text


def test_pit_15_there_is_no_tool_that_fetches(bench: Bench) -> None:
    """An issue that says "read https://evil/x.txt" finds no means: the model is told what there is."""
    for name in ("fetch", "web_search", "open_url", "shell", "bash", "http_get"):
        with pytest.raises(BadReply, match=r"there are: read_file, search, .*, reason, run_tests, finish"):
            bench.use(name, {"url": "https://evil.example/instructions.txt"})
    assert bench.use("read_file", {"path": "https://evil.example/instructions.txt"}).text.startswith("error: ")

"""The pack: what the issue points at is in it, within the budget, the same every time, cheap on large repositories."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.codegraph.building.build import source_of_store, view_of
from factory.codegraph.store.store import GraphStore
from factory.codegraph.view import View
from factory.context.gather import Gatherer
from factory.context.listing import listing
from factory.contracts.memory import Recalled
from factory.contracts.task import Pack, Task
from factory.git import Store
from factory.llm.tokens import estimate
from tests.context.shown import rendered
from tests.edits.repository import Made, make_store

LONG = (
    "import math\n\n\n"
    + "".join(f"def helper_{n}(x):\n    y = x + {n}\n    return math.floor(y)\n\n\n" for n in range(120))
    + "@cached\ndef apply_discount(total, percent):\n    # percent is 0..100\n    return total - total * percent\n\n\n"
    + "".join(f"def other_{n}(x):\n    return x * {n}\n\n\n" for n in range(120))
)
FILES: dict[str, bytes | str] = {
    "shop/pricing.py": LONG,
    "shop/cart.py": (
        "from shop.pricing import apply_discount\n\n\n"
        "class Cart:\n    def total(self):\n        return apply_discount(1, 2)\n"
    ),
    "shop/__init__.py": "",
    "tests/test_cart.py": "from shop.cart import Cart\n",
    "web/app.js": "export function render() { return 1 }\n",
    "web/vendor/lib.min.js": "function apply_discount(){}" * 10,
    "docs/guide.md": "# Guide\n\nDiscounts are nice.\n",
    "image.png": b"\x89PNG\0\0apply_discount",
    "AGENTS.md": "Use tabs.\n",
    "CLAUDE.md": "Use tabs.\n",
    "docs/CONTRIBUTING.md": "Be kind.\n" * 4000,
    "README.md": "# Shop\n",
    "latin.py": "# caf\xe9\ndef latin_thing():\n    pass\n".encode("latin-1"),
}  # fmt: skip


Packs = Callable[..., Pack]


def task(title: str, body: str = "") -> Task:
    return Task(number="1", title=title, body=body, kind="bug", digest="0" * 64)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_store(tmp_path_factory.mktemp("context"), FILES, {"GEMINI.md": "AGENTS.md", "secret.py": "/etc/passwd"})


def view_in(folder: Path, made: Made) -> View:
    return view_of(GraphStore(folder / "graph.db"), source_of_store(made.store, made.tree, ""), workers=1)[0]


@pytest.fixture(scope="module")
def view(made: Made, tmp_path_factory: pytest.TempPathFactory) -> View:
    return view_in(tmp_path_factory.mktemp("graph"), made)


@pytest.fixture(scope="module")
def pack(made: Made, view: View) -> Callable[..., Pack]:
    def gathered(title: str, body: str = "", tokens: int = 8000, view: View | None = view) -> Pack:
        return Gatherer(made.store, made.tree, task(title, body), view).pack(tokens)

    return gathered


def test_the_function_that_is_named_is_shown_whole_with_what_is_near(pack: Packs) -> None:
    found = pack("`apply_discount` is wrong", "It gives a negative total.")
    imports, near = (file for file in found.files if file.path == "shop/pricing.py")
    assert imports.text == "import math\n"
    whole = (
        "@cached\ndef apply_discount(total, percent):\n    # percent is 0..100\n    return total - total * percent\n"
    )
    assert whole in near.text
    assert "def helper_119(" in near.text, "the room that is left goes to what stands near it"
    assert "is cut" not in near.why
    assert "shop/cart.py" in [file.path for file in found.files]
    assert "image.png" not in [file.path for file in found.files]
    assert "def apply_discount(total, percent)" in found.map


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("see web/app.js please", "web/app.js"),
        ("see app.js please", "web/app.js"),
        ("in shop.cart the sum is off", "shop/cart.py"),
        ("shop.cart.Cart loses items", "shop/cart.py"),
        ("/home/me/project/shop/cart.py is off", "shop/cart.py"),
        ('File "/app/shop/cart.py", line 6, in total', "shop/cart.py"),
        ("the Cart class", "shop/cart.py"),
        ("latin_thing fails", "latin.py"),
    ],
)
def test_files_that_the_issue_names(pack: Packs, body: str, path: str) -> None:
    assert pack("Something", body).files[0].path == path


def test_a_line_of_a_traceback_brings_its_function(pack: Packs) -> None:
    line = LONG.split("\n").index("def helper_40(x):") + 2
    found = pack("Crash", f'Traceback:\n  File "shop/pricing.py", line {line}, in x\nshop/pricing.py:{line}: error')
    assert "def helper_40(x):\n    y = x + 40\n" in "".join(file.text for file in found.files[:2])
    assert "trace" in found.files[0].why


def test_plain_words_are_the_last_resort(pack: Packs) -> None:
    assert "docs/guide.md" in [file.path for file in pack("Discounts should be explained").files]
    assert [file.path for file in pack("Zzyzx qwertz").files] == ["README.md"]


def test_links_are_never_followed(pack: Packs) -> None:
    found = pack("secret.py and `root`", "see secret.py and GEMINI.md")
    assert "root:" not in found.to_json()
    assert "secret.py" in found.tree


def test_advice_is_capped_and_not_repeated(pack: Packs) -> None:
    found = pack("apply_discount")
    assert [item.path for item in found.advice] == ["AGENTS.md", "docs/CONTRIBUTING.md"]
    assert found.advice[1].text.endswith("[the rest was cut]\n")
    assert all(len(item.text) <= 6100 for item in found.advice)


@pytest.mark.parametrize("tokens", [1000, 2000, 8000, 50_000])
def test_the_budget_holds(pack: Packs, tokens: int) -> None:
    found = pack(
        "apply_discount Cart render helper_1 other_3", "shop/pricing.py shop/cart.py web/app.js README.md", tokens
    )
    assert estimate(rendered(found)) <= found.tokens <= tokens
    assert found.tree


def test_pieces_are_the_lines_they_say(pack: Packs) -> None:
    found = pack("helper_3 helper_77 other_9 apply_discount", "", 3000)
    lines = LONG.split("\n")
    assert len(found.files) > 2
    for file in found.files:
        if file.path == "shop/pricing.py":
            assert file.text == "\n".join(lines[file.start - 1 : file.end]) + "\n"


def test_without_a_graph_the_words_of_the_issue_must_do(pack: Packs) -> None:
    found = pack("`apply_discount` is wrong", "see web/app.js", view=None)
    assert next(file.path for file in found.files) == "web/app.js"
    assert "shop/cart.py" in [file.path for file in found.files]
    assert "def apply_discount(" in "".join(file.text for file in found.files if file.path == "shop/pricing.py")
    assert not found.map
    assert [file.path for file in pack("Zzyzx qwertz", view=None).files] == ["README.md"]


def test_the_map_shows_what_the_best_files_need_and_their_tests(pack: Packs) -> None:
    found = pack("Crash", 'File "shop/pricing.py", line 3, in x', tokens=3000)
    assert "shop/pricing.py:\n  4 def helper_0(x)\n" in found.map
    assert found.map.count("def helper_") > 10


def test_what_is_withheld_is_not_chosen(made: Made, view: View) -> None:
    hide = Gatherer(
        made.store, made.tree, task("apply_discount", "shop/cart.py AGENTS.md"), view,
        withheld=lambda path: "no" if path.startswith("shop/") else "",
    ).pack(8000)  # fmt: skip
    assert "def apply_discount" not in hide.to_json()
    assert not [file for file in hide.files if file.path.startswith("shop/")]


def test_lessons_get_a_tenth(made: Made, view: View) -> None:
    asked = []

    def recall(paths: tuple[str, ...], tokens: int) -> tuple[Recalled, ...]:
        asked.append((paths, tokens))
        return tuple(Recalled(id=f"{n:016}", text="Prices are integers. " * 9, source=f"run {n}") for n in range(50))

    found = Gatherer(made.store, made.tree, task("apply_discount", ""), view, recall=recall, count=len).pack(9000)
    assert 0 < len(found.lessons) < 50
    assert sum(len(each.text) for each in found.lessons) <= 900
    assert "shop/pricing.py" in asked[0][0]
    assert [tokens for _, tokens in asked] == [900], "asked once, however often the tokens were counted"


def test_deterministic(made: Made, tmp_path: Path) -> None:
    again = Store(tmp_path / "again", made.target)
    one, other = (
        Gatherer(store, made.tree, task("Cart total discount", "render helper_5"), view).pack(4000)
        for store, view in ((made.store, view_in(tmp_path / "a", made)), (again, view_in(tmp_path / "b", made)))
    )
    assert one == other


def test_hostile_text_is_only_text(pack: Packs) -> None:
    for body in (
        "`" * 5000,
        "a/" * 30_000,
        "x." * 30_000,
        "(.*)+[[[ --help ../../etc/passwd",
        "A" * 65_000,
        "\\\\ \0 \ud800",
    ):
        pack("x", body)


def test_odd_names_stay_on_one_line(tmp_path: Path) -> None:
    made = make_store(
        tmp_path, {"a\nb.py": "apply_discount\n", b"caf\xe9.py".decode("utf-8", "surrogateescape"): "apply_discount\n"}
    )
    found = Gatherer(made.store, made.tree, task("apply_discount", ""), view_in(tmp_path / "g", made)).pack(8000)
    assert sorted(found.tree.split("\n")) == ["a?b.py", "caf?.py"]
    found.to_json().encode()


def test_listing_of_thousands_of_files_is_summarised() -> None:
    paths = [f"pkg{a}/mod{b}/file{c}.py" for a in range(20) for b in range(20) for c in range(20)] + ["setup.py"]
    text, omitted = listing(paths, ["pkg7/mod3/file5.py"], 4000)
    lines = text.split("\n")
    assert len(text) <= 4000
    assert "pkg7/mod3/file5.py" in lines
    assert "pkg7/mod4/ (20 files)" in lines
    assert "pkg8/ (400 files)" in lines
    assert omitted == len(paths) - sum("(" not in line for line in lines)


def test_a_flat_repository_that_does_not_fit_is_cut() -> None:
    text, omitted = listing([f"file{n:05}.py" for n in range(5000)], (), 1000)
    assert len(text) <= 1000
    assert omitted == 5000 - len(text.split("\n"))


def test_large_repository_is_cheap(tmp_path: Path) -> None:
    """By words alone, 7,000 files and 500,000 lines: under 300 MB in the process, a few seconds."""
    body = "".join(f"    value_{n} = compute(self, {n}, discount)\n" for n in range(70))
    stream = [b"commit refs/heads/main\ncommitter t <t@localhost> 0 +0000\ndata 1\nx\n"]
    for n in range(7000):
        data = f"class Thing{n}:\n  def method_{n}(self):\n{body}".encode()
        stream.append(b"M 100644 inline src/p%d/m%d.py\ndata %d\n%s\n" % (n % 90, n, len(data), data))
    target = tmp_path / "target"
    target.mkdir()
    subprocess.run(["git", "init", "-q", "--bare", "."], cwd=target, check=True)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=target, input=b"".join(stream), check=True)
    script = f"""
        import resource
        from pathlib import Path
        from factory.context.gather import Gatherer
        from factory.contracts.task import Task
        from factory.git import Store
        from factory.target import resolve
        target = Path({str(target)!r})
        tree = resolve(target, "main")[2]
        title, body = "A wrong discount", "`self` `compute`: value of `method_4711`"
        task = Task(number="1", title=title, body=body, kind="bug", digest="0")
        pack = Gatherer(Store(Path({str(tmp_path / "store")!r}), target), tree, task).pack(16000)
        assert pack.files[0].path == "src/p31/m4711.py", pack.files[0]
        assert pack.tree_omitted > 5000 and pack.tokens <= 16000
        status = Path("/proc/self/status").read_text()
        print(status.partition("VmHWM:")[2].split()[0])  # ru_maxrss would hold the parent's
        used = [resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        assert sum(used) < 60, used  # its own processor time and that of its git, nobody else's
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, cwd=Path.cwd()
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 300_000_000

"""What [egress] keeps back from endpoints that are not local: in packs, diffs, findings, tools and edits."""

from dataclasses import replace
from pathlib import Path

from factory.contracts.finding import finding
from factory.contracts.model import Request, Tier
from factory.contracts.task import Advice, PackFile
from factory.desk.pieces import parts_of, pieces_of
from factory.desk.withheld import permitted
from factory.git import run_git
from tests.desk.workshop import FACTS, PACK, UNIT, Workshop, tool

SECRET = "The recipe nobody may read"
FILES = {"shop/cart.py": "def total(cart):\n    return sum(cart)\n", "secret/plan.py": f"# {SECRET}\nX = 1\n"}
CLOUD: dict[str, object] = {"tier": "frontier"}


def hide(path: str) -> str:
    return "secret/** is denied" if path.startswith("secret/") else ""


def test_a_pack_names_what_it_withholds() -> None:
    files = tuple(PackFile(path=path, start=1, end=2, text=text, why="named") for path, text in FILES.items())
    outline = "shop/cart.py:\n  1 def total(cart)\nsecret/plan.py:\n  2 X\nsecret/b.py:\n  3 Y\n"
    pack = PACK.but(files=files, map=outline, advice=(Advice(path="secret/AGENTS.md", text=SECRET),))
    found = permitted(pack, hide)
    assert SECRET not in found.to_json()
    assert [file.path for file in found.files] == ["shop/cart.py"]
    assert found.map == (
        "shop/cart.py:\n  1 def total(cart)\n"
        "secret/plan.py: withheld by [egress]: secret/** is denied\n"
        "secret/AGENTS.md: withheld by [egress]: secret/** is denied\n"
        "secret/b.py: withheld by [egress]: secret/** is denied\n"
    )
    assert {piece.path for piece in pieces_of([found])} == {"shop/cart.py"}


def diff_of(folder: Path, before: dict[str, str], after: dict[str, str]) -> str:
    for name, files in (("a", before), ("b", after)):
        for path, text in files.items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text)
    run_git(folder, "init", "-q")
    trees = []
    for name in ("a", "b"):
        run_git(folder, "--work-tree", str(folder / name), "add", "-A")
        trees.append(run_git(folder, "write-tree").decode().strip())
    return run_git(folder, "diff-tree", "-r", "-p", "--find-renames", *trees).decode()


def test_a_diff_loses_the_parts_of_withheld_files_under_all_their_names(tmp_path: Path) -> None:
    long = "".join(f"{SECRET} {n}\n" for n in range(30))
    before = {"a.py": "1\n", "secret/x.py": f"{SECRET}\n", "secret/old.py": long, "secret/b ü.py": "1\n"}
    after = {"a.py": "2\n", "secret/x.py": f"{SECRET}!\n", "moved.py": long + "more\n", 'secret/"q"\t.py': SECRET,
             "z b/c.py": "new\n", "empty.py": ""}  # fmt: skip
    diff = diff_of(tmp_path, before, after)
    assert diff.count("diff --git ") == 7
    found = permitted(diff, hide)
    assert SECRET not in found
    assert found.count("diff --git ") == 3
    assert "moved.py: withheld by [egress]: secret/** is denied" in found
    assert 'secret/"q"' in found
    assert [paths[-1] for paths, _ in parts_of(diff)] == [
        "a.py", "empty.py", "moved.py", 'secret/"q"\t.py', "secret/b ü.py", "secret/x.py", "z b/c.py",
    ]  # fmt: skip
    assert {piece.path for piece in pieces_of([found])} == {"a.py", "empty.py", "z b/c.py"}


def test_a_part_whose_path_cannot_be_read_is_withheld() -> None:
    assert (
        permitted(f"diff --git ???\n+{SECRET}\n", hide)
        == "a changed file: withheld by [egress]: its path cannot be read\n"
    )


def test_a_finding_keeps_its_message_only() -> None:
    one = finding("hydra", "r", "wrong", path="secret/plan.py", evidence=SECRET, fix=SECRET)
    (found,) = permitted((one,), hide)
    assert (found.message, found.evidence, found.fix) == ("wrong", "", "")


def cloud(tmp_path: Path, answers: list[str], endpoint: dict[str, object]) -> tuple[Workshop, list[Request]]:
    def withheld(path: str, tier: Tier) -> str:
        return hide(path) if tier == "frontier" else ""

    shop = Workshop(tmp_path, answers, files=FILES, endpoint={"tools": False, **endpoint})
    desk = shop.desk()
    desk.tools = replace(desk.tools, withheld=withheld)
    desk.ceiling = "frontier"
    packed = PACK.but(files=(PackFile(path="secret/plan.py", start=1, end=2, text=FILES["secret/plan.py"], why="x"),))
    unit = UNIT.but(owns=("**",), reads=("secret/plan.py",))
    desk.work("backend/write", unit, shop.tree, **{**FACTS, "pack": packed})
    return shop, shop.model.asked


STEPS = [
    tool("read_file", path=".//secret/plan.py"),
    tool("search", pattern="recipe|total"),
    "### edit secret/plan.py\n<<<<<<< SEARCH\n# The recipe\n=======\n#\n>>>>>>> REPLACE\n",
    "### edit shop/cart.py\n<<<<<<< SEARCH\n    return sum(cart)\n=======\n    return 0\n>>>>>>> REPLACE\n",
    tool("finish", summary="done"),
]


def test_neither_prompt_nor_tools_nor_failed_edits_show_a_cloud_model_what_is_withheld(tmp_path: Path) -> None:
    _, asked = cloud(tmp_path, STEPS, CLOUD)
    last = "\n".join(message.text for message in asked[-1].messages)
    assert SECRET not in last
    assert last.count("secret/plan.py: withheld by [egress]: secret/** is denied") >= 2
    assert "'secret/plan.py' is withheld by [egress]" in last
    assert "shop/cart.py:1:def total(cart):" in last
    assert not any(piece.path.startswith("secret/") for piece in asked[-1].pieces)


def test_a_local_model_sees_everything(tmp_path: Path) -> None:
    _, asked = cloud(tmp_path, STEPS, {"tier": "local"})
    assert SECRET in asked[0].messages[1].text

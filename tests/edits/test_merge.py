"""Collect: changes merged by lease, each checked as if it came from a stranger."""

import itertools

import pytest

from factory.contracts.change import Change, Edit, FileChange, Wave
from factory.contracts.plan import Plan
from factory.edits.draft import Draft
from factory.edits.merge import merge
from factory.edits.paths import PathPolicy
from tests.edits.repository import Made, delete, make_store, rename, replace, write
from tests.edits.test_leases import plan, unit

POLICY = PathPolicy()
PLAN = plan(unit("api", "src/**"), unit("web", "web/**", "package.json"), unit("docs", "docs/**", "*.md"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    files: dict[str, bytes | str] = {
        "src/a.py": "def one():\n    return 1\n", "src/run.sh!": "echo\n", "web/a.js": "let a = 1\n", 
        "docs/x.md": "x\n", "package.json": "{}\n",
    }  # fmt: skip
    return make_store(tmp_path_factory.mktemp("merge"), files, {"src/link": "/etc/passwd"})


def change(made: Made, name: str, *edits: Edit, base: str = "") -> Change:
    draft = Draft(made.store, base or made.tree, ("**",), POLICY)
    draft.apply(edits)
    return Change(unit=name, role="backend", title=name, base=base or made.tree, files=draft.changes())


def forged(
    made: Made, path: str, mode: str = "100644", data: bytes = b"x\n", name: str = "api", op: str = "write"
) -> Change:
    file = FileChange.model_validate(
        {"path": path, "op": op, "mode": mode, "oid": made.store.blob(data), "size": len(data)}
    )
    return Change(unit=name, role="backend", title="t", base=made.tree, files=(file,))


def merged(made: Made, *changes: Change, made_plan: Plan = PLAN) -> Wave:
    return merge(made.store, made.tree, made_plan, changes, POLICY, 1)


def test_three_units_become_one_tree(made: Made) -> None:
    changes = (
        change(made, "docs", write("docs/y.md", "y\n"), delete("docs/x.md")),
        change(made, "api", replace("src/a.py", "    return 1\n", "    return 2\n"), rename("src/run.sh", "src/go.sh")),
        change(made, "web", replace("web/a.js", "let a = 1\n", "let a = 2\n")),
    )
    wave = merged(made, *changes)
    assert [item.unit for item in wave.changes] == ["api", "web", "docs"]
    assert wave.findings == ()
    assert wave.trees[-1] == wave.tree
    entries = made.store.entries(wave.tree)
    assert set(entries) == {"src/a.py", "src/go.sh", "src/link", "web/a.js", "docs/y.md", "package.json"}
    assert entries["src/go.sh"].mode == "100755"


def test_the_order_of_arrival_does_not_matter(made: Made) -> None:
    changes = (
        change(made, "api", write("src/n.py", "x = 1\n")), change(made, "web", write("src/evil.js", "x\n")),
        change(made, "docs", write("docs/n.md", "n\n")), Change(unit="ghost", role="x", title="t", base=made.tree),
    )  # fmt: skip
    assert len({merged(made, *order).to_json() for order in itertools.permutations(changes)}) == 1


def test_a_change_outside_its_lease_is_rejected_whole_and_the_rest_goes_on(made: Made) -> None:
    wave = merged(
        made,
        change(made, "api", write("src/n.py", "x = 1\n"), write("web/n.js", "x\n")),
        change(made, "web", write("web/m.js", "x\n")),
    )
    assert [finding.rule for finding in wave.findings] == ["outside_lease"]
    assert wave.findings[0].source == "collect"
    assert wave.findings[0].serious
    assert wave.trees[0] == made.tree
    assert "outside its lease" in wave.changes[0].error
    assert set(made.store.entries(wave.tree)) - set(made.store.entries(made.tree)) == {"web/m.js"}


def test_a_failed_unit_is_said(made: Made) -> None:
    failed = Change(unit="api", role="backend", title="t", base=made.tree, error="no usable answer")
    wave = merged(made, failed, change(made, "docs", write("docs/n.md", "n\n")))
    assert wave.findings[0].rule == "unit_failed"
    assert wave.changes[0].error == "no usable answer"
    assert wave.tree != made.tree


@pytest.mark.parametrize(
    ("path", "mode", "rule"),
    [
        ("src/evil", "120000", "not_a_file"),
        ("src/mod", "160000", "not_a_file"),
        ("src/x", "100666", "not_a_file"),
        ("src/link", "100644", "not_a_file"),
        ("src/../x", "100644", "refused_path"),
        ("/etc/x", "100644", "refused_path"),
        (".git/hooks/post-checkout", "100644", "refused_path"),
        (".github/workflows/x.yml", "100644", "refused_path"),
        ("factory.toml", "100644", "refused_path"),
        ("src/a.py/x", "100644", "clash"),
        ("src/A.py", "100644", "clash"),
        ("src", "100644", "clash"),
        ("src/link/x", "100644", "clash"),
        ("Src/new.py", "100644", "outside_lease"),
        ("src/a.py", "100644", "symbol_loss"),
    ],
)
def test_forged_changes_are_rejected(made: Made, path: str, mode: str, rule: str) -> None:
    wave = merged(made, forged(made, path, mode))
    assert [finding.rule for finding in wave.findings] == [rule]
    assert wave.tree == made.tree


@pytest.mark.parametrize("pair", [("src/n.py", "src/N.py"), ("src/n", "src/n/x"), ("src/n/x", "src/n")], ids=str)
def test_new_files_that_clash_with_each_other_are_rejected(made: Made, pair: tuple[str, str]) -> None:
    one, other = (forged(made, path) for path in pair)
    wave = merged(made, one.but(files=(*one.files, *other.files)))
    assert [finding.rule for finding in wave.findings] == ["clash"]
    assert wave.tree == made.tree


def test_objects_that_do_not_exist_are_rejected(made: Made) -> None:
    good = forged(made, "src/n.py")
    for bad in (
        good.but(files=(good.files[0].but(oid="1" * 40),)), good.but(files=(good.files[0].but(oid="--help"),)),
        good.but(base="1" * 40), good.but(base="--help"), good.but(files=(*good.files, *good.files)),
    ):  # fmt: skip
        wave = merged(made, bad)
        assert wave.tree == made.tree
        assert wave.findings


def test_work_on_a_state_that_is_gone_is_rejected(made: Made) -> None:
    moved = merged(made, change(made, "api", replace("src/a.py", "    return 1\n", "    return 9\n"))).tree
    late = change(made, "api", replace("src/a.py", "    return 1\n", "    return 2\n"))
    wave = merge(made.store, moved, PLAN, [late], POLICY, 2)
    assert [finding.rule for finding in wave.findings] == ["stale"]
    assert wave.tree == moved


def test_second_change_of_a_unit_and_strangers(made: Made) -> None:
    wave = merged(made, forged(made, "src/b.txt"), forged(made, "src/c.txt"), forged(made, "x", name="nobody"))
    assert [finding.rule for finding in wave.findings] == ["second_change", "unknown_unit"]


def test_flagged_files_are_pointed_out(made: Made) -> None:
    wave = merged(made, change(made, "web", replace("package.json", "{}\n", '{"a": 1}\n')))
    assert [(finding.rule, finding.path, finding.severity) for finding in wave.findings] == [
        ("flagged_path", "package.json", "low")
    ]
    assert wave.tree != made.tree


def test_planned_removals_pass(made: Made) -> None:
    allowed = plan(unit("api", "src/**").but(removes=("src/a.py:one",)))
    wave = merged(made, forged(made, "src/a.py", data=b"x = 1\n"), made_plan=allowed)
    assert wave.findings == ()

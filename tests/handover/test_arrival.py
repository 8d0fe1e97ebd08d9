"""What a ship job refuses of a candidate, and what it only points at. Real trees, as a compromised job would leave."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from factory.contracts.change import Change, FileChange, Wave
from factory.contracts.errors import Refusal
from factory.contracts.run import Run
from factory.contracts.tables import GithubSettings, PathSettings
from factory.git import Store
from factory.handover.arrival import MAX_COMMITS, MAX_NOTES, Inspection, inspect
from factory.settings import Settings
from tests.handover.runs import begun, deleted, with_files, written

AWS = "AKIA" + "Q" * 16
GOOD = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


@pytest.fixture
def bench(tmp_path: Path) -> tuple[Run, Store]:
    _, run, store = begun(tmp_path, {
        "app.py": "def one():\n    return 1\n", "README.md": "hello\n", "run.sh": "echo\n",
        ".github/workflows/ci.yml": "on: push\n", "keys.md": f"an example: {AWS}\n", "prompts/x.j2": "x\n",
    })  # fmt: skip
    return run, store


def code(bench: tuple[Run, Store], files: Sequence[FileChange], settings: Settings = Settings()) -> str:  # noqa: B008  frozen
    run, store = bench
    with pytest.raises(Refusal) as caught:
        inspect(with_files(run, store, files), store, settings)
    return caught.value.code


def passes(bench: tuple[Run, Store], files: Sequence[FileChange], settings: Settings = Settings()) -> Inspection:  # noqa: B008  frozen
    run, store = bench
    return inspect(with_files(run, store, files), store, settings)


def test_an_ordinary_change_passes_without_a_word(bench: tuple[Run, Store]) -> None:
    found = passes(bench, [written(bench[1], "app.py", GOOD), written(bench[1], "tests/test_two.py", "x = 1\n")])
    assert found == Inspection()
    assert not found.draft


def test_wfp_03_the_factory_s_own_files_and_what_the_settings_protect(bench: tuple[Run, Store]) -> None:
    """WFP-03: factory.toml always; prompts, policy, tests/security when the owner names them."""
    store = bench[1]
    assert code(bench, [written(store, "factory.toml", "[line]\n")]) == "protected_path"
    settings = Settings(paths=PathSettings(protected=("prompts/**", "policy/**", "tests/security/**")))
    for path in ("prompts/new.j2", "policy/roles.toml", "tests/security/test_x.py"):
        assert code(bench, [written(store, path, "x\n")], settings) == "protected_path"
        passes(bench, [written(store, path, "x\n")])
    assert code(bench, [deleted("prompts/x.j2")], settings) == "protected_path"


def test_wfp_04_dependencies_are_pointed_out_and_make_a_draft(bench: tuple[Run, Store]) -> None:
    """WFP-04: build backend, requirements, lock files, setup.py."""
    for path in ("pyproject.toml", "requirements-dev.txt", "uv.lock", "setup.py", "web/package-lock.json"):
        found = passes(bench, [written(bench[1], path, "x\n")])
        assert found.labels == ("dependency-change",), path
        assert found.draft
        assert path in found.notes[0]


def test_wfp_05_renames_links_and_modes(bench: tuple[Run, Store]) -> None:
    """WFP-05: both ends of a rename, .github as a link, +x."""
    store = bench[1]
    away = [deleted(".github/workflows/ci.yml"), written(store, "old/ci.yml", "on: push\n")]
    into = [deleted("README.md"), written(store, ".github/workflows/new.yml", "hello\n")]
    assert code(bench, away) == "protected_path"
    assert code(bench, into) == "protected_path"
    gone = deleted(".github/workflows/ci.yml")
    assert code(bench, [gone, written(store, ".github", "elsewhere", "120000")]) in ("protected_path", "symlink")
    assert code(bench, [written(store, "link", "/etc/passwd", "120000")]) == "symlink"
    module = FileChange(path="lib", op="write", mode="160000", oid=bench[0].repo.commit)
    assert code(bench, [module]) == "submodule"
    assert code(bench, [written(store, "run.sh", "echo\n", "100755")]) == "mode_change"
    assert code(bench, [written(store, "new.sh", "echo\n", "100755")]) == "mode_change"


def test_wfp_06_a_workflow_that_was_not_there_before(tmp_path: Path) -> None:
    """WFP-06: a run whose tree holds what a test wrote is refused, whatever case it is written in."""
    _, run, store = begun(tmp_path)
    for path in (
        ".github/workflows/x.yml",
        ".GitHub/Workflows/x.yml",
        ".github/actions/a/action.yml",
        ".gitattributes",
    ):
        assert code((run, store), [written(store, path, "on: push\n")]) == "protected_path"


def test_exf_09_files_for_keys_and_what_looks_like_one(bench: tuple[Run, Store]) -> None:
    """EXF-09: by name, by form, by content; 30 MB of anything."""
    store = bench[1]
    for path in (".env", "config/.env.production", "id_rsa", ".ssh/id_ed25519", "tls/server.pem", ".netrc", "core",
                 "core.4711", "x.p12", ".npmrc", "ID_RSA"):  # fmt: skip
        assert code(bench, [written(store, path, "x\n")]) == "secret_in_diff", path
    dump = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x04\x00" + b"\0" * 100
    assert code(bench, [written(store, "data", dump)]) == "secret_in_diff"
    for text in (f"KEY = '{AWS}'\n", "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n",
                 "t = 'ghp_" + "a1B2" * 9 + "'\n"):  # fmt: skip
        assert code(bench, [written(store, "settings.py", text)]) == "secret_in_diff", text
    assert code(bench, [written(store, "blob.bin", bytes(2 * 2**20))]) == "binary"
    assert code(bench, [written(store, "blob.bin", bytes(30 * 2**20))]) == "binary"


def test_exf_09_values_that_may_stand_nowhere(bench: tuple[Run, Store]) -> None:
    run, store = bench
    changed = with_files(run, store, [written(store, "app.py", GOOD + "# token-of-this-job\n")])
    inspect(changed, store, Settings())
    with pytest.raises(Refusal, match=r"app\.py, line 7"):
        inspect(changed, store, Settings(), secrets=("token-of-this-job",))


def test_what_was_there_before_and_examples_are_no_leak(bench: tuple[Run, Store]) -> None:
    store = bench[1]
    assert passes(bench, [written(store, "keys.md", f"more words\nan example: {AWS}\n")]) == Inspection()
    assert passes(bench, [written(store, ".env.example", "KEY=\n")]) == Inspection()
    found = passes(bench, [written(store, "app.py", GOOD + 'password = "correct horse battery"\n')])
    assert found.labels == ("needs-attention",)


def test_a_secret_in_a_commit_that_a_later_one_removes(bench: tuple[Run, Store]) -> None:
    """What is pushed is every commit, not only the last tree."""
    run, store = bench
    leak, clean = written(store, "s.py", f"k = '{AWS}'\n"), written(store, "s.py", "k = ''\n")
    first = with_files(run, store, [leak])
    tree = store.overlay(first.tree, [clean])
    fix = Change(unit="fix-1-1", role="demiurge", title="Fix", base=first.tree, files=(clean,))
    assert first.evidence
    both = first.but(fixes=(fix,), fix_trees=(tree,), tree=tree, evidence=first.evidence.but(tree=tree))
    with pytest.raises(Refusal) as caught:
        inspect(both, store, Settings())
    assert caught.value.code == "secret_in_diff"


def test_too_many_files_and_too_many_bytes(bench: tuple[Run, Store]) -> None:
    store = bench[1]
    settings = Settings(github=GithubSettings(max_files=3, max_kib=64))
    few = [written(store, f"f{n}.txt", "x" * 1000) for n in range(4)]
    assert code(bench, few, settings) == "too_many_files"
    passes(bench, few[:3], settings)
    assert code(bench, [written(store, "big.txt", "x\n" * 40_000)], settings) == "too_big"


def test_exf_14_counts_carry_next_to_nothing(bench: tuple[Run, Store]) -> None:
    """EXF-14: commits, notes, files and comments together are under 64 bytes; what they say is another matter."""
    run, store = bench
    github = GithubSettings()
    counts = (MAX_COMMITS, MAX_NOTES, github.max_files, github.max_inline, github.max_kib * 1024)
    assert sum(math.log2(count + 1) for count in counts) < 64 * 8
    many, tree, trees = [], run.repo.tree, []
    for n in range(MAX_COMMITS + 1):
        file = written(store, "n.txt", str(n))
        many.append(Change(unit=f"fix-1-{n}", role="demiurge", title="Fix", base=tree, files=(file,)))
        tree = store.overlay(tree, [file])
        trees.append(tree)
    with pytest.raises(Refusal, match="65 commits"):
        inspect(run.but(fixes=tuple(many), fix_trees=tuple(trees), tree=tree), store, Settings())
    notes = passes(bench, [written(store, f"d{n}/setup.py", "x\n") for n in range(MAX_NOTES + 20)])
    assert len(notes.notes) == MAX_NOTES


def test_art_08_only_what_was_judged_is_shipped(bench: tuple[Run, Store]) -> None:
    """ART-08: another tree than the checks saw, or than the commits end in."""
    run, store = bench
    good = with_files(run, store, [written(store, "app.py", GOOD)])
    drifted = store.overlay(good.tree, [written(store, "junk.txt", "left by a test")])
    assert good.evidence
    for wrong in (good.but(tree=drifted), good.but(evidence=good.evidence.but(tree=drifted)),
                  good.but(tree=drifted, evidence=good.evidence.but(tree=drifted))):  # fmt: skip
        with pytest.raises(Refusal) as caught:
            inspect(wrong, store, Settings())
        assert caught.value.code == "digest_mismatch"


def test_a_unit_that_left_its_lease_is_found_again(bench: tuple[Run, Store]) -> None:
    """The waves are merged once more: a job that forged the merge is caught by the same rules."""
    run, store = bench
    assert run.plan
    narrow = run.plan.but(units=(run.plan.units[0].but(owns=("app.py",)),))
    both = [written(store, "app.py", GOOD), written(store, "README.md", "mine\n")]
    with pytest.raises(Refusal, match="outside its lease"):
        inspect(with_files(run.but(plan=narrow), store, both), store, Settings())
    loses = [written(store, "app.py", "def two():\n    return 2\n")]
    with pytest.raises(Refusal, match="would lose one"):
        inspect(with_files(run, store, loses), store, Settings())
    good = with_files(run, store, [written(store, "app.py", GOOD)])
    wave: Wave = good.waves[0]
    stranger = good.but(waves=(wave.but(changes=(wave.changes[0].but(unit="other"),)),))
    with pytest.raises(Refusal, match="no unit"):
        inspect(stranger, store, Settings())
    outside = written(store, "README.md", "mine\n")
    tree = store.overlay(good.tree, [outside])
    fix = Change(unit="fix-1-1", role="demiurge", title="Fix", base=good.tree, files=(outside,))
    assert good.evidence
    fixed = good.but(plan=narrow, fixes=(fix,), fix_trees=(tree,), tree=tree, evidence=good.evidence.but(tree=tree))
    with pytest.raises(Refusal, match="fix-1-1 broke its rules"):
        inspect(fixed, store, Settings())

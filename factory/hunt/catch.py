"""A whole hunt through one commit: exported, looked at, ranked, and what of it mends itself put into themes."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from factory.codegraph.building.home import store_for
from factory.codegraph.building.sources import source_of_commit
from factory.contracts.catch import MOST, Catch, Rule
from factory.contracts.errors import GitProblem, UsageProblem
from factory.contracts.hunt import Hunted
from factory.edits.paths import PathPolicy
from factory.git import run_git
from factory.hunt import baseline
from factory.hunt.detectors import all_detectors
from factory.hunt.export import exported
from factory.hunt.fixes import codemods, lacking
from factory.hunt.ground import Ground
from factory.hunt.hunt import hunt
from factory.hunt.themes import mends, themes
from factory.hunt.triage import places, ranked
from factory.settings import Settings
from factory.target import resolve, work_tree

Tell = Callable[[str], None]


def caught(repo: Path, base: str, settings: Settings, state: Path, only: Sequence[str] = (),
           tell: Tell = lambda words: None) -> Catch:  # fmt: skip
    """`base`: branch, tag or commit, "" = the checked-out branch. `tell` hears what is at work, for people who wait.

    Raises UsageProblem for a repository, a ref, a detector or a baseline that is none.
    """
    ref, commit, _ = resolve(repo, base)
    known = baseline.read(*_baseline(repo, commit, settings.hunt.baseline))
    with tempfile.TemporaryDirectory(prefix="factory-hunt-") as folder:
        tell("reading the tree")
        source = source_of_commit(repo, commit)
        ground = exported(source, Path(folder), lambda: store_for(repo, state))
        tell(f"looking at {len(ground.paths):,} files")
        found = hunt(ground, settings.hunt, only=only)
        tell("ranking by the code graph")
        return triaged(ground, found, settings, known).but(ref=ref, commit=commit)


def triaged(ground: Ground, found: Hunted, settings: Settings, known: frozenset[str] = frozenset()) -> Catch:
    """Findings in the order of their rank, new ones that a codemod mends in themes."""
    view = ground.view() if ground.view and found.findings else None
    where = places(view, (each.path for each in found.findings))
    rows = ranked(found.findings, where, known)
    if len(rows) > MOST:
        said = f"{len(rows):,} findings: only the {MOST:,} with the highest rank are kept; see hunt.ignore."
        found, rows = found.but(problems=(*found.problems, said)), rows[:MOST]
    refuse = PathPolicy.of(settings.paths).refuse
    if why := lacking():
        found = found.but(problems=(*found.problems, why))
    mend = {} if why else mends(ground, (row for row in rows if not row.known), codemods(), refuse)
    rows = tuple(row.but(mend=mend[row.finding.id][0]) if row.finding.id in mend else row for row in rows)
    return Catch(
        commit=found.commit or "0" * 40, rules=_rules(found), ranked=rows,
        themes=themes((row for row in rows if not row.known), mend, settings.hunt.lines),
        hunted=found.but(findings=()),
    )  # fmt: skip


def _rules(found: Hunted) -> tuple[Rule, ...]:
    """Of what was found, and of every detector that looked."""
    made = {each.id: Rule(id=each.id, title=each.title[:200], why=each.why[:2000], severity=each.severity,
                          category=each.category) for each in all_detectors()}  # fmt: skip
    return tuple(made[name] for name in sorted(made) if name in found.detectors)


def baseline_file(repo: Path, name: str) -> Path:
    """Where the baseline is written. Raises UsageProblem when that is not a file beneath the checkout."""
    root = work_tree(repo)
    path = root / name
    if not name or Path(name).is_absolute() or ".." in Path(name).parts or not _beneath(root, path):
        raise UsageProblem(f"hunt.baseline = {name!r} must be a path beneath the repository, not through a link.")
    return path


def _beneath(root: Path, path: Path) -> bool:
    return not path.is_symlink() and path.parent.resolve().is_relative_to(root.resolve())


def _baseline(repo: Path, commit: str, name: str) -> tuple[bytes, str]:
    """(the file in the checkout, else the commit's; its name). Empty when there is none."""
    if not name:
        return b"", name
    here = baseline_file(repo, name)
    if here.is_file():
        return here.read_bytes(), name
    try:
        return run_git(repo, "show", "--end-of-options", f"{commit}:{name}"), name
    except GitProblem:
        return b"", name

"""Git trees that travel: each as what it changes on another, so that the receiver builds it and compares its id."""

from collections.abc import Iterator, Sequence

from factory.contracts.change import Change, FileChange
from factory.contracts.errors import GitProblem, Refusal
from factory.contracts.record import Field, Record
from factory.contracts.run import Run
from factory.contracts.seams import Trees
from factory.edits.paths import escape
from factory.handover.contents import Content, bytes_of, content_of
from factory.handover.folder import damaged

Oid = Field(pattern=r"^[0-9a-f]{40}$")
SUBMODULE = "160000"
MERGE = "merge-base"  # the fix that is a merge commit


class TreeStep(Record):
    """`tree` is `start` with `files` on top."""

    tree: str = Oid
    start: str = Oid
    files: tuple[FileChange, ...] = Field(max_length=20_000)


class Forest(Record):
    """Every tree a run names, from the base's tree on, and the blobs that the base has not."""

    commit: str = Oid
    base: str = Oid
    steps: tuple[TreeStep, ...] = Field(default=(), max_length=1000)
    blobs: dict[str, Content] = Field(default={}, max_length=20_000)


def candidate_steps(run: Run) -> list[tuple[Change, str]]:
    """(change, tree after it), without the units that brought nothing: what becomes the commits."""
    found, before = [], run.repo.tree
    for wave in run.waves:
        for change, after in zip(wave.changes, wave.trees, strict=True):
            if after != before:
                found.append((change, after))
            before = after
    return [*found, *zip(run.fixes, run.fix_trees, strict=True)]


def forest_of(run: Run, trees: Trees) -> Forest:
    """What another machine needs to have all trees of this run."""
    steps, known, at = [], {run.repo.tree}, run.repo.tree
    for tree in _named(run):
        if tree not in known:
            steps.append(TreeStep(tree=tree, start=at, files=trees.changed(at, tree)))
            known.add(tree)
        at = tree
    files = [file for step in steps for file in step.files]
    files += [file for change in run.pending for file in change.files]
    return Forest(commit=run.repo.commit, base=run.repo.tree, steps=tuple(steps), blobs=blobs_of(run, trees, files))


def blobs_of(run: Run, trees: Trees, files: Sequence[FileChange]) -> dict[str, Content]:
    """The contents of the written files, but for those that the base has."""
    there = {entry.oid for entry in trees.entries(run.repo.tree).values()}
    wanted = {file.oid for file in files if file.op == "write" and file.mode != SUBMODULE} - there
    return {oid: content_of(trees.read(oid)) for oid in sorted(wanted)}


def plant(forest: Forest, run: Run, trees: Trees) -> None:
    """Build every tree here. Raises Refusal('digest_mismatch') when one comes out as another than was said."""
    if (forest.commit, forest.base) != (run.repo.commit, run.repo.tree):
        raise Refusal("digest_mismatch", "The bundle's trees start from another commit than its run: make it again.")
    put_blobs(forest.blobs, trees)
    known = {run.repo.tree}
    for step in forest.steps:
        if step.start not in known:
            damaged(f"tree {step.tree[:12]} rests on one that is not there")
        for file in step.files:
            if reason := escape(file.path):
                damaged(f"the path {file.path[:200]!r} {reason}")
        try:
            built = trees.overlay(step.start, step.files)
        except GitProblem as problem:
            damaged(f"git refuses tree {step.tree[:12]} ({problem})")
        if built != step.tree:
            raise Refusal(
                "digest_mismatch",
                f"A tree came out as {built[:12]}, not as {step.tree[:12]}: it was changed on the way. Run it again.",
            )
        known.add(built)
    missing = set(_named(run)) - known
    if missing:
        damaged(f"the run names the tree {min(missing)[:12]}, which the bundle does not hold")


def put_blobs(blobs: dict[str, Content], trees: Trees) -> None:
    for oid, content in blobs.items():
        if trees.blob(bytes_of(content)) != oid:
            raise Refusal("digest_mismatch", f"The blob {oid[:12]} is not what it is called: run the job again.")


def _named(run: Run) -> Iterator[str]:
    """Every tree of the run in the order in which they grew."""
    for wave in run.waves:
        yield from wave.trees
        yield wave.tree
    yield from run.fix_trees
    yield from (each.tree for each in run.rounds)
    yield from (change.base for change in run.pending)
    yield from (tree for tree in (run.tree, run.evidence.tree if run.evidence else "") if tree)

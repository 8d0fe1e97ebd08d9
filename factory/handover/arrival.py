"""What a ship job checks of a candidate before any effect, as if it came from a stranger: a model wrote it.

Every tree that becomes a commit is looked at, not only the last one: what a later unit removes again is still pushed.
"""

import re
from collections.abc import Iterator, Sequence

from factory.contracts.change import Change, FileChange
from factory.contracts.errors import Refusal, RefusalCode
from factory.contracts.plan import Plan, Unit
from factory.contracts.record import Record
from factory.contracts.run import Run
from factory.contracts.seams import Entry, Trees
from factory.edits.merge import merge
from factory.edits.paths import PathPolicy, normal
from factory.git import Store
from factory.handover.replay import merged
from factory.handover.trees import MERGE, candidate_steps
from factory.llm.secret_forms import formats_in, passwords_in
from factory.settings import Settings

MAX_COMMITS = 64  # counts carry next to nothing (EXF-14): at most this many commits,
MAX_NOTES = 50  # notes
MAX_BINARY = 1024 * 1024
DEPENDENCIES = ("is a lock file", "is a dependency manifest")
KEY_FILES = re.compile(
    r"(^|/)(\.env(\.(?!example$|sample$|template$)[^/]+)?|\.netrc|_netrc|\.pgpass|\.git-credentials|\.npmrc|\.pypirc|"
    r"id_(rsa|dsa|ecdsa|ed25519)|core(\.\d+)?|[^/]+\.(pem|p12|pfx|jks|keystore|ppk|kdbx|core))$"
)
ELF_CORE = 4  # e_type of a core dump
_MODES = ("100644", "100755")


class Inspection(Record):
    """What a person must look at although nothing forbids it: such a pull request is a draft with these labels."""

    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def draft(self) -> bool:
        return bool(self.labels)


def inspect(run: Run, trees: Trees, settings: Settings, secrets: Sequence[str] = ()) -> Inspection:
    """Raises Refusal with the path and what to do. `secrets`: values that may stand nowhere (tokens of this job)."""
    policy = PathPolicy.of(settings.paths)
    _is_what_was_judged(run)
    notes: dict[str, str] = {}
    start = before = run.repo.tree
    for change, after in candidate_steps(run):
        files = trees.changed(before, after)
        if change.unit == MERGE:  # what is in the base is people's own; how conflicts were resolved is ours
            files, start = _resolved(run, trees, before, after), after
        for file in _counted(files, settings):
            notes |= _look(file, trees, before, after, policy, secrets)
        before = after
    for file in _counted(trees.changed(start, run.tree or start), settings):
        notes |= _look(file, trees, start, run.tree, policy, secrets)
    _merged_as_planned(run, trees, policy)
    kept = dict(list(notes.items())[:MAX_NOTES])
    return Inspection(notes=tuple(kept), labels=tuple(dict.fromkeys(label for label in kept.values() if label)))


def _is_what_was_judged(run: Run) -> None:
    """The commits end in the tree that the checks saw, whatever the tests wrote meanwhile (ART-08)."""
    steps = candidate_steps(run)
    if len(steps) > MAX_COMMITS:
        _refuse("too_many_files", f"The change has {len(steps)} commits, at most {MAX_COMMITS} are taken")
    last = steps[-1][1] if steps else run.repo.tree
    if run.tree and last != run.tree:
        _refuse("digest_mismatch", f"The commits end in tree {last[:12]}, the candidate is {run.tree[:12]}")
    if run.evidence and run.evidence.tree != run.tree:
        _refuse("digest_mismatch", f"The checks saw tree {run.evidence.tree[:12]}, the candidate is {run.tree[:12]}")
    if run.rounds and run.rounds[-1].decision == "accept" and run.rounds[-1].tree != run.tree:
        _refuse("digest_mismatch", f"Tree {run.rounds[-1].tree[:12]} was accepted, the candidate is {run.tree[:12]}")


def _resolved(run: Run, trees: Trees, before: str, after: str) -> tuple[FileChange, ...]:
    """The files of a merge that git did not make by itself. It is made here once more: all else must come out the
    same, and the other parent is the base that the ticket pins."""
    if run.merge is None or run.ticket is None or run.merge.base != run.ticket.base_sha or before != run.repo.tree:
        _refuse("not_allowed", "The merge in the bundle is not one of the base that was admitted")
    assert run.merge
    assert isinstance(trees, Store)
    again = merged(trees, run.repo.commit, run.merge.base)
    other = [file.path for file in trees.changed(again.tree, after) if file.path not in again.conflicts]
    if other:
        _refuse("digest_mismatch", f"The merge changes {other[0][:200]!r}, which does not conflict")
    return tuple(file for file in trees.changed(before, after) if file.path in again.conflicts)


def _merged_as_planned(run: Run, trees: Trees, policy: PathPolicy) -> None:
    """The waves merged once more by the same rules: every unit kept to its lease, and the trees come out the same."""
    tree = run.repo.tree
    for wave in run.waves:
        assert run.plan
        again = merge(trees, tree, run.plan, wave.changes, policy, wave.n)
        for change, handed, rebuilt in zip(again.changes, wave.trees, again.trees, strict=True):
            if handed != rebuilt:
                _broke_rules(change)
        tree = wave.tree
        if again.tree != tree:
            _refuse("digest_mismatch", f"Wave {wave.n} comes out as another tree than was handed over")
    for change, after in zip(run.fixes, run.fix_trees, strict=True):
        assert run.plan
        if change.unit == MERGE:
            tree = after
            continue
        one = run.plan.but(units=(_fixer(change, run.plan),))
        again = merge(trees, tree, one, (change,), policy, 0)
        if again.tree != after:
            _broke_rules(again.changes[0])
        tree = after


def _broke_rules(change: Change) -> None:
    _refuse("not_allowed", f"Unit {change.unit} broke its rules: {change.error[:300] or 'its tree is another'}")


def _fixer(change: Change, plan: Plan) -> Unit:
    """A fix may touch what the plan's units own, nothing else; the same rule as in stages/fix.py."""
    owns = tuple(dict.fromkeys(path for unit in plan.units for path in unit.owns))[:64]
    return Unit(id=change.unit, role="integration", title="Fix", instructions="Fix", owns=owns)


def _counted(files: Sequence[FileChange], settings: Settings) -> Iterator[FileChange]:
    """Raises Refusal when it is more than a person can be asked to read."""
    most, kib = settings.github.max_files, settings.github.max_kib
    if len(files) > most:
        _refuse("too_many_files", f"The change touches {len(files)} files, github.max_files is {most}")
    yield from files
    size = sum(file.size for file in files)
    if size > kib * 1024:
        _refuse("too_big", f"The changed files have {size // 1024:,} KiB, github.max_kib is {kib}")


def _look(
    file: FileChange, trees: Trees, before: str, after: str, policy: PathPolicy, secrets: Sequence[str]
) -> dict[str, str]:
    """Notes (with their label) on one file. A rename comes as a delete and a write, so both its ends pass here."""
    old = trees.entries(before).get(file.path)
    if reason := policy.refuse(file.path):
        _refuse("protected_path", f"{file.path[:200]!r} {reason}")
    for mode in (old.mode if old else "100644", file.mode if file.op == "write" else "100644"):
        if mode not in _MODES:
            _refuse(_kind(mode), f"{file.path[:200]} is a {_kind(mode)}: only plain files are taken")
    notes = {}
    if reason := policy.flag(file.path):
        label = "dependency-change" if reason in DEPENDENCIES else "needs-attention"
        notes[f"{file.path} {reason}: a person should look at it."] = label
    if file.op == "delete":
        return notes
    if file.mode == "100755" and (old is None or old.mode != "100755"):
        _refuse("mode_change", f"{file.path[:200]} was made executable: only a person may do that")
    return notes | _content(file, trees, old, secrets)


def _kind(mode: str) -> RefusalCode:
    return "symlink" if mode == "120000" else "submodule" if mode == "160000" else "mode_change"


def _content(file: FileChange, trees: Trees, old: Entry | None, secrets: Sequence[str]) -> dict[str, str]:
    data, path = trees.read(file.oid), file.path
    if KEY_FILES.search(normal(path)) or _is_core(data):
        _refuse("secret_in_diff", f"{path[:200]} is a file for keys or a dump of memory: it is not published")
    if b"\0" in data[:8192]:
        if len(data) > MAX_BINARY:
            _refuse("binary", f"{path[:200]} is a binary file of {len(data) // 1024:,} KiB")
        return {f"{path} is a binary file: nobody can read what it does.": "needs-attention"}
    text = data.decode(errors="replace")
    known = trees.read(old.oid).decode(errors="replace") if old else ""
    found = [hit for hit in formats_in(text, tuple(secrets)) if hit not in known]
    if found:
        line = text[: text.find(found[0])].count("\n") + 1
        _refuse("secret_in_diff", f"{path[:200]}, line {line}, holds what looks like a secret")
    if any(hit not in known for hit in passwords_in(text)):
        return {f"{path} may hold a password: a person should look at it.": "needs-attention"}
    return {}


def _is_core(data: bytes) -> bool:
    """An ELF file that says it is a core dump."""
    return data[:4] == b"\x7fELF" and len(data) > 18 and ELF_CORE in (data[16], data[17])


def _refuse(code: RefusalCode, what: str) -> None:
    raise Refusal(code, f"{what}. Nothing was published; the artifact of the run holds the change.")

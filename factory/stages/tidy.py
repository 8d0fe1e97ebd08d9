"""The coder of `--task tidy`: ruff's safe fixes, applied inside the sandbox. No model."""

import io
import tarfile
from collections.abc import Callable, Mapping

from factory.contracts.change import Change, FileChange
from factory.contracts.errors import SandboxProblem
from factory.contracts.plan import Unit
from factory.contracts.sandbox import Job, JobResult
from factory.contracts.seams import Entry, Scope
from factory.stages.shop import Shop

# a stamp first, so that `find` names exactly the files that ruff rewrote
COMMAND = (
    "touch /tmp/stamp && sleep 0.01 && ruff check --fix-only --exit-zero --quiet --no-cache {select} . && "
    "find . -type f \\( -name '*.py' -o -name '*.pyi' \\) -newer /tmp/stamp -print0 | "
    "tar --null --no-recursion -T - -cf /out/changed.tar"
)


CAREFUL = "--select E4,E7,E9,F"  # for a repository that has not chosen its rules: real mistakes, no style


def command(paths: Mapping[str, Entry], read: Callable[[str], bytes]) -> str:
    """The shell command: the repository's own ruff rules where it has some, else the careful ones."""
    own = any(path in paths for path in ("ruff.toml", ".ruff.toml"))
    project = paths.get("pyproject.toml")
    own = own or (project is not None and b"[tool.ruff" in read(project.oid))
    return COMMAND.replace("{select}", "" if own else CAREFUL)


def tidy_change(shop: Shop, scope: Scope, unit: Unit, tree: str) -> Change:
    """Ruff's fixes as a change; files the policy protects are left alone. Raises SandboxProblem when ruff fails."""
    shell = command(shop.trees.entries(tree), shop.trees.read)
    job = Job(tree=tree, command=("sh", "-c", shell), limits=shop.settings.checks.limits)
    result = scope.step("tidy", job, lambda: shop.sandbox.run(job), JobResult)
    if result.status != "exited" or result.exit_code:
        raise SandboxProblem(f"ruff did not finish ({result.status}, exit {result.exit_code}): {result.output[-300:]}")
    entries = shop.trees.entries(tree)
    files, notes = [], []
    for path, data in _members(result.files.get("changed.tar", b"")):
        entry = entries.get(path)
        if entry is None or not entry.mode.startswith("100"):
            continue  # only files that were there, and never through a link
        if reason := shop.policy.refuse(path):
            notes.append(f"{path} left alone: {reason}")
        elif data != shop.trees.read(entry.oid):
            files.append(FileChange(path=path, op="write", mode=entry.mode, oid=shop.trees.blob(data), size=len(data)))
    return Change(unit=unit.id, role=unit.role, title=unit.title, base=tree, files=tuple(files), notes=tuple(notes))


def _members(data: bytes) -> list[tuple[str, bytes]]:
    """Regular files of a tar that untrusted code had a hand in; read in memory, nothing is unpacked."""
    if not data:
        return []
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            handle = archive.extractfile(member) if member.isreg() else None
            if handle:
                found.append((member.name.removeprefix("./"), handle.read()))
    return sorted(found)

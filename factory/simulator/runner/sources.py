"""Workflow and action files out of the double's repositories, at a commit, as GitHub's parser reads them."""

import io
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from factory.contracts.errors import FactoryError, GitProblem
from factory.contracts.record import digest
from factory.simulator.expressions.evaluator import Expressions, Parsed
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Repository

FOLDER = ".github/workflows"


@dataclass
class Sources:
    """Reads files from bare repositories; what was parsed once is kept by its text."""

    expressions: Expressions
    _parsed: dict[str, Parsed] = field(default_factory=dict)

    def workflows(self, repo: Repository, sha: str) -> dict[str, Parsed]:
        """Every workflow file of a commit, by path."""
        if not sha:
            return {}
        names = bare.text(repo.folder, "ls-tree", "--name-only", sha, f"{FOLDER}/").splitlines()
        return {name: self.workflow(repo, sha, name) for name in sorted(names) if name.endswith((".yml", ".yaml"))}

    def workflow(self, repo: Repository, sha: str, path: str) -> Parsed:
        """Raises FactoryError when the commit has no such file."""
        return self.parse(path, self.text(repo, sha, path), "workflow")

    def text(self, repo: Repository, sha: str, path: str) -> str:
        try:
            return bare.git(repo.folder, "show", f"{sha}:{path}").decode("utf-8", errors="replace")
        except GitProblem:
            raise FactoryError(f"{repo.full_name} has no file {path} at {sha[:12]}.") from None

    def parse(self, path: str, text: str, kind: str) -> Parsed:
        key = digest(f"{kind} {path}\n{text}")
        if key not in self._parsed:
            self._parsed[key] = self.expressions.parse(path, text, kind)
        return self._parsed[key]

    def export(self, repo: Repository, sha: str, folder: Path) -> None:
        """A commit's files into an empty folder, as actions of another repository are downloaded."""
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(bare.git(repo.folder, "archive", "--format=tar", sha))) as archive:
            archive.extractall(folder, filter="data")


def commit_of(repo: Repository, ref: str) -> str:
    """The commit that a branch, tag, full ref or SHA means, or ""."""
    for name in (ref, f"refs/heads/{ref}", f"refs/tags/{ref}"):
        if found := bare.resolve(repo.folder, name):
            return found
    return ""


def changed_paths(repo: Repository, before: str, after: str) -> list[str]:
    """Paths that differ between two commits; all of the new one's when there is no old one."""
    if not before.strip("0"):
        return bare.text(repo.folder, "ls-tree", "-r", "--name-only", after).splitlines()
    try:
        return bare.text(repo.folder, "diff", "--name-only", before, after).splitlines()
    except GitProblem:
        return []

"""What became of a delivered branch, told from the commits of a local repository."""

import re
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.errors import GitProblem
from factory.contracts.memory import Observation
from factory.git import AUTHOR, run_git
from factory.memory.outcomes import Delivered, seen
from factory.memory.screen import plain_path

MOST_COMMITS = 500  # of the base, since the run started
_REVERTS = re.compile(r"This reverts commit ([0-9a-f]{40})")
_OURS = f"{AUTHOR[0]} <{AUTHOR[1]}>"
_SHA = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class News:
    """One commit of the base that the run did not start from."""

    sha: str
    parents: tuple[str, ...]
    author: str
    message: str
    names: frozenset[str]  # of files; none of a merge


@dataclass(frozen=True)
class Repository:
    """A repository that is only asked; what git refuses to say is ''."""

    folder: Path

    def git(self, *arguments: str, stdin: str = "") -> str:
        try:
            raw = run_git(self.folder, *arguments, stdin=stdin.encode(errors="replace") if stdin else None)
        except GitProblem:
            return ""
        return raw.decode(errors="replace").strip("\n")  # else a record's own separators would go as well

    def commit(self, ref: str) -> str:
        return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")

    def news(self, tip: str, *without: str) -> list[News]:
        """Commits of `tip` that are in none of `without`, newest first."""
        raw = self.git(
            "log", f"--max-count={MOST_COMMITS}", "--name-only", "--no-renames",
            "--format=%x1e%H%x1f%P%x1f%an <%ae>%x1f%B%x1f", tip, *(f"^{each}" for each in without),
        )  # fmt: skip
        parts = [each.split("\x1f") for each in raw.split("\x1e")]
        return [News(part[0], tuple(part[1].split()), part[2], part[3], frozenset(part[4].split("\n")) - {""})
                for part in parts if len(part) == 5 and _SHA.fullmatch(part[0])]  # fmt: skip

    def patch(self, old: str, new: str) -> str:
        """git's own fingerprint of a change, the same wherever it lands."""
        diff = self.git("diff", "--full-index", "--no-color", "--no-ext-diff", "--no-renames", old, new)
        return self.git("patch-id", "--stable", stdin=f"{diff}\n").partition(" ")[0] if diff else ""

    def has(self, ancestor: str, tip: str) -> bool:
        return self.git("merge-base", ancestor, tip) == ancestor


def git_outcomes(one: Delivered, folder: Path, at: str) -> list[Observation]:
    """Nothing when the base is gone, or when the branch waits for somebody."""
    here = Repository(folder)
    base, branch = here.commit(f"refs/heads/{one.base}"), here.commit(f"refs/heads/{one.branch}")
    if not base or not here.commit(one.start):
        return []
    news = here.news(base, one.start)
    if not here.commit(one.commits[-1]):  # deleted and cleaned away: it may have been squashed into the base before
        return []
    landed = _landed(one, news, here)
    if not landed:  # among so many commits of the base it may have been further back
        return [] if branch or len(news) >= MOST_COMMITS else [seen(one, "closed", at)]
    found = [seen(one, "merged", at)]
    if edits := _edits(one, branch, news, here):
        found.append(seen(one, "edited", at, edits))
    if _reverted(one, landed, news, here):
        found.append(seen(one, "reverted", at))
    return found


def _landed(one: Delivered, news: list[News], here: Repository) -> set[str]:
    """The commits that brought our change into the base: ours with the merge of them, or the same change rebased or
    squashed into others."""
    known = {each.sha for each in news}
    far = len(news) >= MOST_COMMITS and here.has(one.commits[-1], f"refs/heads/{one.base}")
    if one.commits[-1] in known or far:
        return set(one.commits) | {each.sha for each in news if set(each.parents[1:]) & set(one.commits)}
    squashed = _same(here.patch(one.start, one.commits[-1]), _names(one.start, one.commits[-1], here), news, here)
    if squashed:
        return squashed
    found: set[str] = set()
    for old, new in zip((one.start, *one.commits), one.commits, strict=False):
        same = _same(here.patch(old, new), _names(old, new, here), news, here)
        if not same:
            return set()
        found |= same
    return found


def _same(patch: str, names: frozenset[str], news: list[News], here: Repository) -> set[str]:
    """Commits that change the same files by the same lines."""
    near = [each for each in news if each.names == names and len(each.parents) == 1]
    return {each.sha for each in near if patch and here.patch(each.parents[0], each.sha) == patch}


def _names(old: str, new: str, here: Repository) -> frozenset[str]:
    return frozenset(here.git("diff", "--name-only", "--no-renames", old, new).split("\n")) - {""}


def _edits(one: Delivered, branch: str, news: list[News], here: Repository) -> tuple[str, ...]:
    """Files that others changed on top of our last commit, on its branch or on the side that was merged."""
    head = one.commits[-1]
    tips = [parent for each in news for parent in each.parents[1:] if here.has(head, parent)]
    tips += [branch] if branch and here.has(head, branch) else []
    theirs = [each for tip in tips for each in here.news(tip, head) if each.author != _OURS]
    return tuple(sorted({name for each in theirs for name in each.names if plain_path(name)}))[:64]


def _reverted(one: Delivered, landed: set[str], news: list[News], here: Repository) -> bool:
    """A later commit says that it reverts one of those, or undoes the whole change."""
    if any(landed & set(_REVERTS.findall(each.message)) for each in news):
        return True
    names = _names(one.start, one.commits[-1], here)
    return bool(_same(here.patch(one.commits[-1], one.start), names, news, here))

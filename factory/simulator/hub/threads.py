"""Threads of review comments: what GraphQL says of them, resolving one, and lines that follow when a branch moves."""

import difflib
from typing import TYPE_CHECKING, Any

from factory.contracts.errors import GitProblem
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Issue, Pull, Repository, ReviewComment

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

PAGE = 50


def node_of(first: ReviewComment) -> str:
    return f"PRRT_{first.id}"


def firsts(pull: Pull) -> list[ReviewComment]:
    """A thread is known by its first comment; when that one was deleted, by the oldest that is left."""
    found: dict[int, ReviewComment] = {}
    for note in pull.notes:
        found.setdefault(note.reply_to or note.id, note)
    return list(found.values())


def page(pull: Pull, after: str) -> dict[str, Any]:
    """`reviewThreads` as the factory's one question wants it."""
    start = int(after.removeprefix("cursor:")) if after.startswith("cursor:") else 0
    every = firsts(pull)
    return {
        "pageInfo": {"hasNextPage": len(every) > start + PAGE, "endCursor": f"cursor:{start + PAGE}"},
        "nodes": [
            {"id": node_of(note), "isResolved": bool(note.resolved_by),
             "comments": {"nodes": [{"databaseId": note.id}]}}
            for note in every[start : start + PAGE]
        ],
    }  # fmt: skip


def find(hub: "Hub", node: str) -> tuple[Repository, Issue, ReviewComment] | None:
    for repo in hub.repos.values():
        for issue in repo.issues.values():
            for note in firsts(issue.pull) if issue.pull else ():
                if node_of(note) == node:
                    return repo, issue, note
    return None


def follow(repo: Repository, pull: Pull, before: str) -> None:
    """The branch moved from `before`: comments move with their lines; those whose lines changed are outdated."""
    for note in pull.notes:
        if not note.line or note.side != "RIGHT":
            continue
        now = _moved(_lines(repo, before, note.path), _lines(repo, pull.head_sha, note.path))
        there = [now.get(line, 0) for line in range(note.start or note.line, note.line + 1)]
        note.original_line, note.original_start = note.original_line or note.line, note.original_start or note.start
        if all(there):
            note.line, note.start = there[-1], there[0] if note.start else 0
            note.commit = pull.head_sha
        else:
            note.line = note.start = note.position = 0


def _moved(old: list[str], new: list[str]) -> dict[int, int]:
    """Old line number -> new one, for lines that stayed."""
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {a + n + 1: b + n + 1 for a, b, size in blocks for n in range(size)}


def _lines(repo: Repository, commit: str, path: str) -> list[str]:
    try:
        return bare.text(repo.folder, "show", f"{commit}:{path}").splitlines()
    except GitProblem:
        return []

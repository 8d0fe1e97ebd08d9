"""Threads of review comments, on the double: read, resolved, and what the questions may hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.errors import HubForbidden, HubMissing
from factory.contracts.hub import ReviewNote
from factory.forge.allowed import GRAPHQL, RESOLVE, THREADS
from factory.forge.connect import connect
from factory.simulator.hub import bare, pushes
from tests.forge.answering import REPO, TestClock
from tests.forge.world import HEAD, World, world

DOCUMENTED = {  # GitHub's reference of GraphQL: the fields of the objects that are asked about, and their arguments
    "Query": {"repository"}, "Repository": {"pullRequest"}, "PullRequest": {"reviewThreads"},
    "PullRequestReviewThreadConnection": {"nodes", "pageInfo"}, "PageInfo": {"hasNextPage", "endCursor"},
    "PullRequestReviewThread": {"id", "isResolved", "comments"}, "PullRequestReviewCommentConnection": {"nodes"},
    "PullRequestReviewComment": {"databaseId"}, "arguments": {"owner", "name", "number", "first", "after"},
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        assert not made.hub.violations


def pull(place: World) -> int:
    number = place.github().open_pull("T", "B", HEAD, "main", False).number
    place.person("bea").review(number, place.head, "", (ReviewNote(path="a.py", line=1, body="Why two?"),))
    return number


def test_threads_and_their_comments(place: World) -> None:
    number = pull(place)
    (said,) = place.github().inline_comments(number)
    assert (said.comment.body, said.comment.author.login, said.path, said.line) == ("Why two?", "bea", "a.py", 1)
    assert said.hunk.startswith("@@")
    place.github().reply(number, said.comment.id, "Because.")
    answer = list(place.github().inline_comments(number))[1]
    assert answer.reply_to == said.comment.id
    (thread,) = place.github().threads(number)
    assert (thread.first, thread.resolved) == (said.comment.id, False)
    place.github().resolve(thread.id)
    place.github().resolve(thread.id)
    assert [each.resolved for each in place.github().threads(number)] == [True]


def test_all_pages_of_threads_are_read(place: World) -> None:
    number = pull(place)
    for n in range(60):
        notes = (ReviewNote(path="a.py", line=2, body=f"And {n}?"),)
        place.person("bea").review(number, place.head, "", notes)
    found = list(place.github().threads(number))
    assert len({thread.id for thread in found}) == 61


def test_resolving_needs_contents_to_write(place: World) -> None:
    """GitHub wants it beside pull-requests: write, and says so within an answer of 200."""
    number = pull(place)
    (thread,) = place.github().threads(number)
    token = place.hub.token("", REPO, {"pull_requests": "write", "contents": "read"}, kind="actions")
    weak = connect(REPO, place.url, {"GITHUB_TOKEN": token}, TestClock())
    with pytest.raises(HubForbidden, match="contents: write"):
        weak.resolve(thread.id)
    with pytest.raises(HubMissing):
        place.github().resolve("PRRT_0")


def test_a_comment_moves_with_its_line_or_is_outdated(place: World) -> None:
    number, ref = pull(place), f"refs/heads/{HEAD}"
    for text, line in ((b"# new\nx = 2\ny = 3\n", 2), (b"# new\nx = 4\ny = 3\n", 0)):
        before = bare.branch(place.repo.folder, HEAD)
        now = bare.write_commit(place.repo.folder, (before,), {"a.py": text}, "more", place.hub.now())
        bare.set_ref(place.repo.folder, ref, now, before)
        pushes.moved(place.hub, None, place.repo, ref, before, now)
        (said,) = place.github().inline_comments(number)
        assert said.line == line


def test_only_documented_fields_are_asked_for() -> None:
    known = set().union(*DOCUMENTED.values()) | {"query", "String", "Int"}
    assert set(re.findall(r"[A-Za-z]\w+", THREADS)) <= known
    assert set(re.findall(r"[A-Za-z]\w+", RESOLVE)) == {
        "mutation", "id", "ID", "resolveReviewThread", "input", "threadId", "thread", "isResolved",
    }  # fmt: skip
    assert not [query for query in GRAPHQL if re.search(r"(?i)merge|approve|unresolve|delete|dismiss", query)]

"""Threads of review comments: read by REST, but for what only GraphQL knows (is it resolved?), resolved by GraphQL."""

from collections.abc import Iterator
from typing import Any

from factory.contracts.errors import HubForbidden, HubMissing, HubProblem, HubRefused, HubUnreachable
from factory.contracts.feedback import InlineComment, Thread
from factory.contracts.record import Json
from factory.forge import shapes
from factory.forge.allowed import RESOLVE, THREADS
from factory.forge.caller import Caller
from factory.forge.shapes import shaped

MOST_PAGES = 20  # of fifty threads


class ThreadCalls:
    """Implements contracts.feedback.ThreadReader and ThreadWriter."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def inline_comments(self, number: int) -> Iterator[InlineComment]:
        for row in self.caller.pages("/repos/{repo}/pulls/{number}/comments", number=number):
            yield shaped(_inline, row)

    def threads(self, number: int) -> Iterator[Thread]:
        owner, _, name = self.caller.repo.partition("/")
        after: str | None = None
        for _ in range(MOST_PAGES):
            facts = {"owner": owner, "name": name, "number": number, "after": after}
            found = shaped(_threads, self._asked(THREADS, facts))
            yield from shaped(_each, found["nodes"])
            page = found["pageInfo"]
            after = str(page.get("endCursor") or "")
            if not page.get("hasNextPage") or not after:
                return
        raise HubUnreachable(f"Pull request {number} has more than {MOST_PAGES * 50} threads.")

    def resolve(self, thread: str) -> None:
        """Needs `contents: write` beside `pull-requests: write`. A resolved one stays resolved."""
        self._asked(RESOLVE, {"id": thread})

    def _asked(self, query: str, variables: Json) -> Json:
        """GraphQL answers 200 and says what is wrong inside."""
        answer = self.caller.call("POST", "/graphql", {"query": query, "variables": variables}, repeat=True)
        answer = answer if isinstance(answer, dict) else {}
        errors, data = answer.get("errors"), answer.get("data")
        if errors:
            raise graphql_problem(errors[0] if isinstance(errors[0], dict) else {})
        if not isinstance(data, dict):
            raise HubUnreachable("GraphQL's answer has no data.")
        return data


def graphql_problem(error: Json) -> HubProblem:
    kinds: dict[str, type[HubProblem]] = {"FORBIDDEN": HubForbidden, "NOT_FOUND": HubMissing}
    hint = " The token needs contents: write and pull-requests: write." if error.get("type") == "FORBIDDEN" else ""
    return kinds.get(str(error.get("type")), HubRefused)(f"GraphQL: {str(error.get('message', ''))[:300]}.{hint}", 200)


def _threads(data: Json) -> Json:
    found: Json = data["repository"]["pullRequest"]["reviewThreads"]
    return found


def _each(nodes: list[Any]) -> list[Thread]:
    return [
        Thread(id=node["id"], first=node["comments"]["nodes"][0]["databaseId"], resolved=bool(node["isResolved"]))
        for node in nodes
        if node["comments"]["nodes"]  # all of them deleted
    ]


def _inline(data: Json) -> InlineComment:
    return InlineComment(
        comment=shapes.comment(data), reply_to=data.get("in_reply_to_id") or 0, path=data["path"],
        review=data.get("pull_request_review_id") or 0, line=data.get("line") or 0, start=data.get("start_line") or 0,
        side="LEFT" if data.get("side") == "LEFT" else "RIGHT", hunk=data.get("diff_hunk") or "",
    )  # fmt: skip

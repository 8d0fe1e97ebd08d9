"""Pull requests and reviews of them."""

from collections.abc import Iterator

from factory.contracts.errors import HubForbidden, HubMissing, HubProblem, HubRefused
from factory.contracts.hub import Comment, PullInfo, Review, ReviewNote
from factory.contracts.record import Json
from factory.forge import shapes
from factory.forge.allowed import MUTATIONS
from factory.forge.caller import Caller
from factory.forge.shapes import shaped

_PULLS = "/repos/{repo}/pulls"
_PULL = _PULLS + "/{number}"


class PullCalls:
    """Implements contracts.hub.PullReader and PullWriter."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def pull(self, number: int) -> PullInfo:
        return shaped(shapes.pull, self.caller.call("GET", _PULL, number=number))

    def pulls(self, head: str = "", state: str = "open") -> Iterator[PullInfo]:
        query = {"state": state}
        if head:
            query["head"] = f"{self.caller.repo.partition('/')[0]}:{head}"
        for row in self.caller.pages(_PULLS, query=query):
            found = shaped(shapes.pull, row)
            ours = found.head_repo.lower() == self.caller.repo.lower()  # a fork may have a branch of the same name
            if not head or (found.head == head and ours):
                yield found

    def pull_diff(self, number: int) -> str:
        return self.caller.reply("GET", _PULL, accept="application/vnd.github.diff", number=number).text

    def reviews(self, number: int) -> Iterator[Review]:
        for row in self.caller.pages(_PULL + "/reviews", number=number):
            yield shaped(shapes.review, row)

    def review_comments(self, number: int) -> Iterator[tuple[ReviewNote, Comment]]:
        for row in self.caller.pages(_PULL + "/comments", number=number):
            yield shaped(shapes.review_comment, row)

    def open_pull(self, title: str, body: str, head: str, base: str, draft: bool) -> PullInfo:
        change = {"title": title, "body": body, "head": head, "base": base, "draft": draft}
        return shaped(shapes.pull, self.caller.call("POST", _PULLS, change))

    def edit_pull(self, number: int, title: str = "", body: str = "") -> PullInfo:
        change: Json = {**({"title": title} if title else {}), **({"body": body} if body else {})}
        verb = "PATCH" if change else "GET"
        return shaped(shapes.pull, self.caller.call(verb, _PULL, change or None, number=number))

    def set_draft(self, pull: PullInfo, draft: bool) -> None:
        """Needs `contents: write` beside `pull-requests: write`. Raises HubProblem with GraphQL's own words."""
        if pull.draft == draft:
            return
        body = {"query": MUTATIONS[draft], "variables": {"id": pull.node_id}}
        data = self.caller.call("POST", "/graphql", body, repeat=True)
        errors = data.get("errors") if isinstance(data, dict) else None
        if errors:
            raise _graphql_problem(pull, errors[0] if isinstance(errors[0], dict) else {})

    def review(self, number: int, commit: str, body: str, notes: tuple[ReviewNote, ...]) -> Review:
        """Raises HubRefused when a note's line is not in the diff."""
        change: Json = {
            "commit_id": commit,
            "body": body,
            "event": "COMMENT",
            "comments": [_note(note) for note in notes],
        }
        return shaped(shapes.review, self.caller.call("POST", _PULL + "/reviews", change, number=number))

    def reply(self, number: int, comment: int, body: str) -> None:
        where = _PULL + "/comments/{comment}/replies"
        self.caller.call("POST", where, {"body": body}, number=number, comment=comment)


def _note(note: ReviewNote) -> Json:
    made: Json = {"path": note.path, "line": note.line, "side": "RIGHT", "body": note.body}
    if note.start and note.start != note.line:
        made.update(start_line=note.start, start_side="RIGHT")
    return made


def _graphql_problem(pull: PullInfo, error: Json) -> HubProblem:
    """GraphQL answers 200 and says what is wrong inside."""
    kinds: dict[str, type[HubProblem]] = {"FORBIDDEN": HubForbidden, "NOT_FOUND": HubMissing}
    said = str(error.get("message", ""))[:300]
    state = "a draft" if pull.draft else "ready"
    hint = " The token needs contents: write and pull-requests: write." if error.get("type") == "FORBIDDEN" else ""
    return kinds.get(str(error.get("type")), HubRefused)(
        f"Pull request {pull.number} stays {state}: {said}.{hint}", 200
    )

"""Issues, comments, labels and reactions."""

from collections.abc import Iterator
from typing import Any

from factory.contracts.errors import HubMissing, HubRefused
from factory.contracts.hub import Comment, Issue
from factory.contracts.record import Json
from factory.forge import shapes
from factory.forge.caller import Caller
from factory.forge.shapes import shaped

_ISSUES = "/repos/{repo}/issues"
_ISSUE = _ISSUES + "/{number}"


class IssueCalls:
    """Implements contracts.hub.IssueReader and IssueWriter."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def issue(self, number: int) -> Issue:
        return shaped(shapes.issue, self.caller.call("GET", _ISSUE, number=number))

    def comments(self, number: int, since: str = "") -> Iterator[Comment]:
        query: dict[str, Any] = {"since": since} if since else {}
        for row in self.caller.pages(_ISSUE + "/comments", query=query, number=number):
            yield shaped(shapes.comment, row)

    def issues(self, label: str = "", state: str = "open") -> Iterator[Issue]:
        query = {"state": state, **({"labels": label} if label else {})}
        for row in self.caller.pages(_ISSUES, query=query):
            yield shaped(shapes.issue, row)

    def labels_of(self, number: int) -> tuple[str, ...]:
        return tuple(str(row["name"]) for row in self.caller.pages(_ISSUE + "/labels", number=number))

    def create_issue(self, title: str, body: str, labels: tuple[str, ...] = ()) -> Issue:
        found = self.caller.call("POST", _ISSUES, {"title": title, "body": body, "labels": list(labels)})
        return shaped(shapes.issue, found)

    def edit_issue(self, number: int, body: str = "", state: str = "") -> None:
        change: Json = {**({"body": body} if body else {}), **({"state": state} if state else {})}
        if change:
            self.caller.call("PATCH", _ISSUE, change, number=number)

    def comment(self, number: int, body: str) -> Comment:
        return shaped(shapes.comment, self.caller.call("POST", _ISSUE + "/comments", {"body": body}, number=number))

    def edit_comment(self, comment: int, body: str) -> Comment:
        """Raises HubMissing when somebody deleted it."""
        found = self.caller.call("PATCH", _ISSUES + "/comments/{comment}", {"body": body}, comment=comment)
        return shaped(shapes.comment, found)

    def one_comment(self, comment: int) -> Comment:
        """Raises HubMissing."""
        return shaped(shapes.comment, self.caller.call("GET", _ISSUES + "/comments/{comment}", comment=comment))


class LabelCalls:
    """Implements contracts.hub.Labeller. Each call may be repeated: the second changes nothing."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def add_labels(self, number: int, *names: str) -> None:
        if names:
            self.caller.call("POST", _ISSUE + "/labels", {"labels": list(names)}, repeat=True, number=number)

    def remove_label(self, number: int, name: str) -> None:
        try:
            self.caller.call("DELETE", _ISSUE + "/labels/{name}", number=number, name=name)
        except HubMissing:
            return

    def ensure_label(self, name: str, color: str, description: str) -> None:
        """One that is there keeps its colour and description: they may be the owner's."""
        try:
            self.caller.call("GET", "/repos/{repo}/labels/{name}", name=name)
        except HubMissing:
            self._create_label({"name": name, "color": color, "description": description})

    def _create_label(self, label: Json) -> None:
        try:
            self.caller.call("POST", "/repos/{repo}/labels", label, repeat=True)
        except HubRefused as problem:
            if "already_exists" not in str(problem):
                raise

    def react(self, content: str, issue: int = 0, comment: int = 0, review_comment: int = 0) -> None:
        body = {"content": content}
        if review_comment:
            where = "/repos/{repo}/pulls/comments/{comment}/reactions"
            self.caller.call("POST", where, body, repeat=True, comment=review_comment)
        elif comment:
            self.caller.call("POST", _ISSUES + "/comments/{comment}/reactions", body, repeat=True, comment=comment)
        else:
            self.caller.call("POST", _ISSUE + "/reactions", body, repeat=True, number=issue)

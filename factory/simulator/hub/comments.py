"""Handlers: comments in the conversation of an issue or pull request."""

from factory.simulator.hub.nouns import Comment, Issue
from factory.simulator.hub.routes import Answer, Call, Refused, Reply, paged, route
from factory.simulator.hub.state import Hub
from factory.simulator.hub.texts import body_of, need_role
from factory.simulator.hub.views import comment_view, issue_view

_READ = [("issues", "read"), ("pull_requests", "read")]
_WRITE = [("issues", "write"), ("pull_requests", "write")]
_ONE = "/repos/{owner}/{repo}/issues/comments/{comment_id}"


def comment(hub: Hub, call: Call) -> tuple[Issue, Comment]:
    """The one of {comment_id}. Raises Refused 404."""
    number = call.number("comment_id")
    for issue in call.repo.issues.values():
        for each in issue.comments:
            if each.id == number:
                return issue, each
    raise Refused(404, "Not Found")


def _say(hub: Hub, call: Call, action: str, issue: Issue, one: Comment, **more: object) -> None:
    issue.updated = hub.now()
    payload = {
        "action": action,
        "issue": issue_view(hub, call.repo, issue),
        "comment": comment_view(hub, call.repo, one),
    }
    hub.emit(call, call.repo, "issue_comment", {**payload, **more})


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", permission=_READ)
def list_comments(hub: Hub, call: Call) -> Reply:
    issue, since = hub.issue(call.repo, call.params["issue_number"]), call.query.get("since", "")
    found = [each for each in issue.comments if each.updated >= since]
    return paged(hub, call, found, lambda each: comment_view(hub, call.repo, each))


@route("GET", "/repos/{owner}/{repo}/issues/comments", permission=_READ)
def list_all_comments(hub: Hub, call: Call) -> Reply:
    since, key = call.query.get("since", ""), "updated" if call.query.get("sort") == "updated" else "id"
    found = [each for issue in call.repo.issues.values() for each in issue.comments if each.updated >= since]
    found.sort(key=lambda each: (getattr(each, key), each.id), reverse=call.query.get("direction") == "desc")
    return paged(hub, call, found, lambda each: comment_view(hub, call.repo, each))


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", permission=_WRITE)
def create_comment(hub: Hub, call: Call) -> Reply:
    issue, body, now = hub.issue(call.repo, call.params["issue_number"]), body_of(call, "IssueComment", True), hub.now()
    if issue.locked:
        need_role(hub, call, call.repo, "write")
    made = Comment(hub.next_id(), call.login, body, now, now, issue.number)
    issue.comments.append(made)
    _say(hub, call, "created", issue, made)
    return 201, comment_view(hub, call.repo, made)


@route("GET", _ONE, permission=_READ)
def get_comment(hub: Hub, call: Call) -> Reply:
    return 200, comment_view(hub, call.repo, comment(hub, call)[1])


@route("PATCH", _ONE, permission=_WRITE)
def edit_comment(hub: Hub, call: Call) -> Reply:
    issue, found = comment(hub, call)
    need_role(hub, call, call.repo, "write", found.author)
    before, found.body, found.updated = found.body, body_of(call, "IssueComment", True), hub.now()
    _say(hub, call, "edited", issue, found, changes={"body": {"from": before}})
    return 200, comment_view(hub, call.repo, found)


@route("DELETE", _ONE, permission=_WRITE)
def delete_comment(hub: Hub, call: Call) -> Reply:
    issue, found = comment(hub, call)
    need_role(hub, call, call.repo, "write", found.author)
    issue.comments.remove(found)
    _say(hub, call, "deleted", issue, found)
    return Answer(204)

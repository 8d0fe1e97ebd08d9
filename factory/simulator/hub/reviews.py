"""Handlers: reviews of pull requests and the comments on lines. A line that is not in the diff is refused: 422."""

from typing import Any

from factory.simulator.hub import bare, happen, lines
from factory.simulator.hub.nouns import Issue, Pull, Review, ReviewComment
from factory.simulator.hub.pull_views import note_view, pull_view, review_view, span
from factory.simulator.hub.pulls import pull_of
from factory.simulator.hub.routes import Answer, Call, Refused, Reply, paged, route
from factory.simulator.hub.state import Hub
from factory.simulator.hub.texts import body_of, need_role

_ONE = "/repos/{owner}/{repo}/pulls/{pull_number}"
_READ, _WRITE = ("pull_requests", "read"), ("pull_requests", "write")
_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def note(hub: Hub, call: Call) -> tuple[Issue, ReviewComment]:
    """The review comment of {comment_id}. Raises Refused 404."""
    number = call.number("comment_id")
    for issue in call.repo.issues.values():
        for each in issue.pull.notes if issue.pull else ():
            if each.id == number:
                return issue, each
    raise Refused(404, "Not Found")


@route("GET", f"{_ONE}/reviews", permission=_READ)
def list_reviews(hub: Hub, call: Call) -> Reply:
    issue, pull = pull_of(hub, call)
    shown = [each for each in pull.reviews if each.state != "PENDING" or each.author == call.login]
    return paged(hub, call, shown, lambda each: review_view(hub, call.repo, issue, each))


@route("GET", f"{_ONE}/reviews/{{review_id}}", permission=_READ)
def get_review(hub: Hub, call: Call) -> Reply:
    issue, review = _review(hub, call)
    return 200, review_view(hub, call.repo, issue, review)


def _review(hub: Hub, call: Call) -> tuple[Issue, Review]:
    issue, pull = pull_of(hub, call)
    number = call.number("review_id")
    for each in pull.reviews:
        if each.id == number:
            return issue, each
    raise Refused(404, "Not Found")


@route("GET", f"{_ONE}/reviews/{{review_id}}/comments", permission=_READ)
def review_notes(hub: Hub, call: Call) -> Reply:
    review = _review(hub, call)[1]
    found = [each for each in pull_of(hub, call)[1].notes if each.review == review.id]
    return paged(hub, call, found, lambda each: note_view(hub, call.repo, each))


@route("POST", f"{_ONE}/reviews", permission=_WRITE)
def create_review(hub: Hub, call: Call) -> Reply:
    """All or nothing: one comment that cannot be placed refuses the whole review."""
    issue, pull = pull_of(hub, call)
    event, body = str(call.body.get("event") or "PENDING"), body_of(call, "PullRequestReview")
    asked = call.body.get("comments") or []
    _may_judge(call, issue, event)
    if event != "APPROVE" and event != "PENDING" and not body.strip() and not (asked and event == "COMMENT"):
        raise Refused(422, "Unprocessable Entity", ["Body is required"])
    commit = _commit(call, pull)
    state = _STATES.get(event, "PENDING")
    review = Review(hub.next_id(), call.login, body, state, commit, hub.now())
    made = [_placed(hub, call, issue, pull, each, commit, review.id) for each in asked]
    pull.reviews.append(review)
    pull.notes += made
    if state != "PENDING":
        _say_review(hub, call, issue, review, "submitted")
        for each in made:
            _say_note(hub, call, issue, each, "created")
    return 200, review_view(hub, call.repo, issue, review)


def _may_judge(call: Call, issue: Issue, event: str) -> None:
    if event not in ("PENDING", *_STATES):
        raise Refused(422, "Unprocessable Entity", [f"Variable $event was provided invalid value: {event}"])
    if event == "APPROVE" and call.token and call.token.kind == "actions" and not call.repo.actions_may_open_pulls:
        raise Refused(422, "Unprocessable Entity", ["GitHub Actions is not permitted to approve pull requests."])
    if event in ("APPROVE", "REQUEST_CHANGES") and call.login == issue.author:
        word = "approve" if event == "APPROVE" else "request changes on"
        raise Refused(422, "Unprocessable Entity", [f"Can not {word} your own pull request"])


def _commit(call: Call, pull: Pull) -> str:
    """The commit that is commented: the head, unless the request says which."""
    commit = str(call.body.get("commit_id") or pull.head_sha)
    old, new = span(call.repo, pull)
    if commit != new and (bare.fork_point(call.repo.folder, old, commit) != old or not _in(call, commit, old, new)):
        raise Refused(422, "Unprocessable Entity", ["commit_id is not part of the pull request"])
    return commit


def _in(call: Call, commit: str, old: str, new: str) -> bool:
    return bool(bare.resolve(call.repo.folder, commit)) and commit in (
        each.sha for each in bare.log(call.repo.folder, new, f"^{old}")
    )


def _placed(
    hub: Hub, call: Call, issue: Issue, pull: Pull, asked: dict[str, Any], commit: str, review: int
) -> ReviewComment:
    """Raises Refused 422 when the path or the lines are not in the diff."""
    files = lines.read(bare.diff(call.repo.folder, span(call.repo, pull)[0], commit))
    path, side = str(asked.get("path", "")), str(asked.get("side") or "RIGHT")
    if path not in files:
        raise Refused(422, "Unprocessable Entity", ["Path could not be resolved"])
    line, start = asked.get("line") or 0, asked.get("start_line") or 0
    if not line and asked.get("position"):
        line = next((at for at, spot in files[path].right.items() if spot.position == asked["position"]), 0)
    spot = files[path].spot(line, side)
    if not spot:
        raise Refused(422, "Unprocessable Entity", ["Line could not be resolved"])
    start_side = str(asked.get("start_side") or side)
    first = files[path].spot(start, start_side) if start else spot
    if start and (not first or first.hunk != spot.hunk or first.position >= spot.position):
        raise Refused(
            422, "Unprocessable Entity", ["Start line must precede the end line and be part of the same hunk"]
        )
    body = body_of(Call("", "", {}, {}, b"", asked), "PullRequestReviewComment", True)
    return ReviewComment(
        hub.next_id(), call.login, body, hub.now(), hub.now(), issue.number, review=review, path=path, commit=commit,
        original_commit=commit, line=line, start=start, side=side, start_side=start_side if start else "",
        hunk=spot.text, position=spot.position,
    )  # fmt: skip


def _say_review(hub: Hub, call: Call, issue: Issue, review: Review, action: str) -> None:
    view = review_view(hub, call.repo, issue, review)
    payload = {"action": action, "review": {**view, "state": review.state.lower()},
               "pull_request": pull_view(hub, call.repo, issue)}  # fmt: skip
    hub.emit(call, call.repo, "pull_request_review", payload, *happen.merge_ref(call.repo, issue))


def _say_note(hub: Hub, call: Call, issue: Issue, one: ReviewComment, action: str, **more: Any) -> None:
    issue.updated = hub.now()
    payload = {"action": action, "comment": note_view(hub, call.repo, one),
               "pull_request": pull_view(hub, call.repo, issue), **more}  # fmt: skip
    hub.emit(call, call.repo, "pull_request_review_comment", payload, *happen.merge_ref(call.repo, issue))


@route("PUT", f"{_ONE}/reviews/{{review_id}}/dismissals", permission=_WRITE)
def dismiss_review(hub: Hub, call: Call) -> Reply:
    issue, review = _review(hub, call)
    need_role(hub, call, call.repo, "write")
    review.state = "DISMISSED"
    _say_review(hub, call, issue, review, "dismissed")
    return 200, review_view(hub, call.repo, issue, review)


# comments on lines


@route("GET", f"{_ONE}/comments", permission=_READ)
def list_notes(hub: Hub, call: Call) -> Reply:
    found = _sorted(call, pull_of(hub, call)[1].notes)
    return paged(hub, call, found, lambda each: note_view(hub, call.repo, each))


@route("GET", "/repos/{owner}/{repo}/pulls/comments", permission=_READ)
def list_all_notes(hub: Hub, call: Call) -> Reply:
    found = [each for issue in call.repo.issues.values() if issue.pull for each in issue.pull.notes]
    return paged(hub, call, _sorted(call, found), lambda each: note_view(hub, call.repo, each))


def _sorted(call: Call, notes: list[ReviewComment]) -> list[ReviewComment]:
    found = [each for each in notes if each.updated >= call.query.get("since", "")]
    key = "updated" if call.query.get("sort") == "updated" else "id"
    return sorted(found, key=lambda each: (getattr(each, key), each.id), reverse=call.query.get("direction") == "desc")


@route("POST", f"{_ONE}/comments", permission=_WRITE)
def create_note(hub: Hub, call: Call) -> Reply:
    """A single comment on a line, or with `in_reply_to` an answer."""
    issue, pull = pull_of(hub, call)
    if call.body.get("in_reply_to"):
        return _answer(hub, call, issue, pull, int(call.body["in_reply_to"]))
    commit = _commit(call, pull)
    review = Review(hub.next_id(), call.login, "", "COMMENTED", commit, hub.now())
    made = _placed(hub, call, issue, pull, call.body, commit, review.id)
    pull.reviews.append(review)
    pull.notes.append(made)
    _say_note(hub, call, issue, made, "created")
    return 201, note_view(hub, call.repo, made)


@route("POST", f"{_ONE}/comments/{{comment_id}}/replies", permission=_WRITE)
def reply(hub: Hub, call: Call) -> Reply:
    issue, pull = pull_of(hub, call)
    return _answer(hub, call, issue, pull, call.number("comment_id"))


def _answer(hub: Hub, call: Call, issue: Issue, pull: Pull, number: int) -> Reply:
    first = next((each for each in pull.notes if each.id == number), None)
    if not first:
        raise Refused(404, "Not Found")
    body, now = body_of(call, "PullRequestReviewComment", True), hub.now()
    made = ReviewComment(
        hub.next_id(), call.login, body, now, now, issue.number, review=first.review, path=first.path,
        commit=first.commit, original_commit=first.original_commit, line=first.line, start=first.start,
        side=first.side, start_side=first.start_side, hunk=first.hunk, position=first.position,
        reply_to=first.reply_to or first.id,
    )  # fmt: skip
    pull.notes.append(made)
    _say_note(hub, call, issue, made, "created")
    return 201, note_view(hub, call.repo, made)


@route("GET", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", permission=_READ)
def get_note(hub: Hub, call: Call) -> Reply:
    return 200, note_view(hub, call.repo, note(hub, call)[1])


@route("PATCH", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", permission=_WRITE)
def edit_note(hub: Hub, call: Call) -> Reply:
    issue, found = note(hub, call)
    need_role(hub, call, call.repo, "write", found.author)
    before, found.body, found.updated = found.body, body_of(call, "PullRequestReviewComment", True), hub.now()
    _say_note(hub, call, issue, found, "edited", changes={"body": {"from": before}})
    return 200, note_view(hub, call.repo, found)


@route("DELETE", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", permission=_WRITE)
def delete_note(hub: Hub, call: Call) -> Reply:
    issue, found = note(hub, call)
    need_role(hub, call, call.repo, "write", found.author)
    assert issue.pull is not None
    issue.pull.notes.remove(found)
    _say_note(hub, call, issue, found, "deleted")
    return Answer(204)

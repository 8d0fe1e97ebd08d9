"""Handlers: issues (a pull request is one too), and who they are assigned to."""

from collections.abc import Iterable

from factory.simulator.hub import happen
from factory.simulator.hub.labels import ensure, names_of
from factory.simulator.hub.nouns import Issue, Repository
from factory.simulator.hub.routes import Call, Refused, Reply, paged, route
from factory.simulator.hub.state import Hub
from factory.simulator.hub.texts import body_of, has_role, need_role, title_of
from factory.simulator.hub.views import issue_view, label_view, user_view

MOST_ASSIGNEES = 10


@route("GET", "/repos/{owner}/{repo}/issues", permission=[("issues", "read"), ("pull_requests", "read")])
def list_issues(hub: Hub, call: Call) -> Reply:
    found = [each for each in call.repo.issues.values() if _wanted(each, call.query)]
    key = "updated" if call.query.get("sort") == "updated" else "number"
    found.sort(key=lambda each: (getattr(each, key), each.number), reverse=call.query.get("direction") != "asc")
    return paged(hub, call, found, lambda each: issue_view(hub, call.repo, each))


def _wanted(issue: Issue, query: dict[str, str]) -> bool:
    labels = {name.lower() for name in query.get("labels", "").split(",") if name}
    state = query.get("state", "open")
    return (
        state in ("all", issue.state)
        and labels <= {name.lower() for name in issue.labels}
        and issue.updated >= query.get("since", "")
        and query.get("creator", issue.author).lower() == issue.author.lower()
        and _assigned(issue, query.get("assignee", ""))
    )


def _assigned(issue: Issue, wanted: str) -> bool:
    if wanted in ("", "*", "none"):
        return not wanted or bool(issue.assignees) == (wanted == "*")
    return wanted.lower() in (login.lower() for login in issue.assignees)


@route("POST", "/repos/{owner}/{repo}/issues", permission=("issues", "write"))
def create_issue(hub: Hub, call: Call) -> Reply:
    """Labels and assignees of somebody without triage are dropped silently, as on GitHub."""
    title, body = title_of(call, "Issue"), body_of(call, "Issue")
    repo, now = call.repo, hub.now()
    issue = Issue(hub.number(repo), hub.next_id(), title, body, call.login, now, now)
    trusted = has_role(hub, call, repo, "triage")
    issue.labels = (
        [ensure(hub, call, repo, name).name for name in names_of(call.body.get("labels", ()))] if trusted else []
    )
    people = call.body.get("assignees") or ([call.body["assignee"]] if call.body.get("assignee") else [])
    issue.assignees = _assignable(hub, repo, people) if trusted else []
    repo.issues[issue.number] = issue
    happen.touched(hub, call, repo, issue, "opened")
    for name in issue.labels:
        happen.touched(hub, call, repo, issue, "labeled", label=label_view(hub, repo, repo.labels[name.lower()]))
    return 201, issue_view(hub, repo, issue)


def _assignable(hub: Hub, repo: Repository, logins: Iterable[str]) -> list[str]:
    """Those who can be assigned; others are ignored, as on GitHub."""
    known = [hub.users[login.lower()].login for login in logins if login.lower() in repo.roles]
    return list(dict.fromkeys(known))[:MOST_ASSIGNEES]


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}", permission=[("issues", "read"), ("pull_requests", "read")])
def get_issue(hub: Hub, call: Call) -> Reply:
    return 200, issue_view(hub, call.repo, hub.issue(call.repo, call.params["issue_number"]))


@route(
    "PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", permission=[("issues", "write"), ("pull_requests", "write")]
)
def edit_issue(hub: Hub, call: Call) -> Reply:
    repo, issue = call.repo, hub.issue(call.repo, call.params["issue_number"])
    need_role(hub, call, repo, "triage", issue.author)
    rewrite(hub, call, repo, issue, "PullRequest" if issue.pull else "Issue")
    if "labels" in call.body:
        need_role(hub, call, repo, "triage")
        set_labels(hub, call, repo, issue, names_of(call.body["labels"]))
    if "assignees" in call.body:
        need_role(hub, call, repo, "triage")
        _set_assignees(hub, call, repo, issue, _assignable(hub, repo, call.body["assignees"] or ()))
    set_state(hub, call, repo, issue)
    return 200, issue_view(hub, repo, issue)


def rewrite(hub: Hub, call: Call, repo: Repository, issue: Issue, resource: str) -> None:
    """Title and body, where given and different."""
    changes = {}
    if call.body.get("title") is not None and title_of(call, resource) != issue.title:
        changes["title"] = {"from": issue.title}
        issue.title = title_of(call, resource)
    if "body" in call.body and body_of(call, resource) != issue.body:
        changes["body"] = {"from": issue.body}
        issue.body = body_of(call, resource)
    if changes:
        happen.touched(hub, call, repo, issue, "edited", changes=changes)


def set_state(hub: Hub, call: Call, repo: Repository, issue: Issue) -> None:
    wanted = call.body.get("state") or issue.state
    if wanted == "closed" and issue.state == "open":
        happen.close(hub, call, repo, issue, call.body.get("state_reason") or "completed")
    elif wanted == "open" and issue.state == "closed":
        happen.reopen(hub, call, repo, issue)


def set_labels(hub: Hub, call: Call, repo: Repository, issue: Issue, names: list[str]) -> None:
    """Exactly these; one event for each that comes or goes."""
    wanted = {name.lower(): ensure(hub, call, repo, name) for name in names}
    for name in [each for each in issue.labels if each.lower() not in wanted]:
        issue.labels.remove(name)
        happen.touched(hub, call, repo, issue, "unlabeled", label=label_view(hub, repo, repo.labels[name.lower()]))
    for label in wanted.values():
        if label.name not in issue.labels:
            issue.labels.append(label.name)
            happen.touched(hub, call, repo, issue, "labeled", label=label_view(hub, repo, label))


def _set_assignees(hub: Hub, call: Call, repo: Repository, issue: Issue, logins: list[str]) -> None:
    for action, some in (
        ("unassigned", [each for each in issue.assignees if each not in logins]),
        ("assigned", [each for each in logins if each not in issue.assignees]),
    ):
        for login in some:
            (issue.assignees.append if action == "assigned" else issue.assignees.remove)(login)
            happen.touched(hub, call, repo, issue, action, assignee=user_view(hub, login))


_ASSIGN = [("issues", "write"), ("pull_requests", "write")]


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/assignees", permission=_ASSIGN)
def add_assignees(hub: Hub, call: Call) -> Reply:
    return _assign(hub, call, True)


@route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/assignees", permission=_ASSIGN)
def remove_assignees(hub: Hub, call: Call) -> Reply:
    return _assign(hub, call, False)


def _assign(hub: Hub, call: Call, add: bool) -> Reply:
    repo, issue = call.repo, hub.issue(call.repo, call.params["issue_number"])
    need_role(hub, call, repo, "triage")
    named = _assignable(hub, repo, call.body.get("assignees") or ())
    kept = [each for each in issue.assignees if add or each not in named]
    if len(kept) + len(named) > MOST_ASSIGNEES and add:
        raise Refused(422, "Validation Failed", ["at most 10 assignees"])
    _set_assignees(hub, call, repo, issue, kept + [each for each in named if add and each not in kept])
    return 201 if add else 200, issue_view(hub, repo, issue)

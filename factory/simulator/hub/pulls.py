"""Handlers: pull requests."""

from typing import Any

from factory.simulator.hub import bare, happen, lines, pushes
from factory.simulator.hub.git_views import commit_view
from factory.simulator.hub.issues import rewrite, set_state
from factory.simulator.hub.nouns import Issue, Pull
from factory.simulator.hub.pull_views import file_view, half, pull_view, span, whole_pull
from factory.simulator.hub.routes import Answer, Call, Refused, Reply, invalid, paged, route
from factory.simulator.hub.state import Hub
from factory.simulator.hub.texts import body_of, need_role, title_of
from factory.simulator.hub.views import user_view

_ONE = "/repos/{owner}/{repo}/pulls/{pull_number}"
MOST_LINES = 20_000  # of a diff that GitHub shows
NO_REVIEWER = (
    "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a "
    "collaborator of the repository."
)


def pull_of(hub: Hub, call: Call) -> tuple[Issue, Pull]:
    """The one of {pull_number}. Raises Refused 404."""
    issue = hub.issue(call.repo, call.params["pull_number"])
    if not issue.pull:
        raise Refused(404, "Not Found")
    return issue, issue.pull


@route("GET", "/repos/{owner}/{repo}/pulls", permission=("pull_requests", "read"))
def list_pulls(hub: Hub, call: Call) -> Reply:
    """`head` is owner:branch; anything else filters nothing, as on GitHub."""
    state, head, base = call.query.get("state", "open"), call.query.get("head", ""), call.query.get("base", "")
    found = [
        each for each in call.repo.issues.values()
        if each.pull and state in ("all", each.state) and base in ("", each.pull.base)
        and (":" not in head or head == f"{each.pull.head_repo.partition('/')[0]}:{each.pull.head}")
    ]  # fmt: skip
    key = "updated" if call.query.get("sort") == "updated" else "number"
    default = "desc" if call.query.get("sort", "created") == "created" else "asc"
    found.sort(key=lambda each: getattr(each, key), reverse=call.query.get("direction", default) == "desc")
    return paged(hub, call, found, lambda each: pull_view(hub, call.repo, each))


@route("GET", _ONE, permission=("pull_requests", "read"))
def get_pull(hub: Hub, call: Call) -> Reply:
    issue, pull = pull_of(hub, call)
    if not call.accepts("diff"):
        return 200, whole_pull(hub, call.repo, issue)
    text = bare.diff(call.repo.folder, *span(call.repo, pull))
    if text.count("\n") > MOST_LINES:
        words = f"Sorry, the diff exceeded the maximum number of lines ({MOST_LINES})"
        raise Refused(406, words, [{"resource": "PullRequest", "field": "diff", "code": "too_large"}])
    return Answer(200, headers={"Content-Type": "application/vnd.github.diff; charset=utf-8"}, raw=text.encode())


@route("POST", "/repos/{owner}/{repo}/pulls", permission=("pull_requests", "write"))
def create_pull(hub: Hub, call: Call) -> Reply:
    repo = call.repo
    if call.token and call.token.kind == "actions" and not repo.actions_may_open_pulls:
        raise Refused(403, "GitHub Actions is not permitted to create or approve pull requests.")
    title, body = title_of(call, "PullRequest"), body_of(call, "PullRequest")
    owner, _, head = str(call.body.get("head", "")).rpartition(":")
    pull = _made(hub, call, owner or repo.owner, head, str(call.body.get("base", "")))
    now = hub.now()
    issue = Issue(hub.number(repo), hub.next_id(), title, body, call.login, now, now, pull=pull)
    repo.issues[issue.number] = issue
    happen.refresh(hub, repo, issue)
    happen.touched(hub, call, repo, issue, "opened")
    return 201, whole_pull(hub, repo, issue)


def _made(hub: Hub, call: Call, owner: str, head: str, base: str) -> Pull:
    repo = call.repo
    need_role(hub, call, repo, "read")
    base_sha, head_sha = bare.branch(repo.folder, base), bare.branch(repo.folder, head)
    if owner.lower() != repo.owner.lower() or not head_sha:  # forks are not played
        raise invalid("PullRequest", "head", "invalid")
    if not base_sha:
        raise invalid("PullRequest", "base", "invalid")
    for each in repo.issues.values():
        if each.pull and each.state == "open" and (each.pull.head, each.pull.base) == (head, base):
            raise _custom(f"A pull request already exists for {repo.owner}:{head}.")
    left = bare.fork_point(repo.folder, base_sha, head_sha)
    if not left:
        raise _custom(f"The {head} branch has no history in common with {base}")
    if left == head_sha:
        raise _custom(f"No commits between {base} and {head}")
    return Pull(head, repo.full_name, head_sha, base, base_sha, draft=bool(call.body.get("draft")))


def _custom(message: str) -> Refused:
    return Refused(422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": message}])


@route("PATCH", _ONE, permission=("pull_requests", "write"))
def edit_pull(hub: Hub, call: Call) -> Reply:
    issue, pull = pull_of(hub, call)
    need_role(hub, call, call.repo, "write", issue.author)
    if call.body.get("state") == "open" and issue.state == "closed":
        if pull.merged or not bare.branch(call.repo.folder, pull.head):
            raise _custom("state cannot be changed. The branch was deleted or the pull request was merged.")
        pull.head_sha = bare.branch(call.repo.folder, pull.head)
    base = call.body.get("base") or pull.base
    if base != pull.base:
        if not bare.branch(call.repo.folder, base):
            raise invalid("PullRequest", "base", "invalid")
        pull.base, pull.base_sha = base, bare.branch(call.repo.folder, base)
        happen.refresh(hub, call.repo, issue)
    rewrite(hub, call, call.repo, issue, "PullRequest")
    set_state(hub, call, call.repo, issue)
    return 200, whole_pull(hub, call.repo, issue)


@route("GET", f"{_ONE}/files", permission=("pull_requests", "read"))
def list_files(hub: Hub, call: Call) -> Reply:
    _, pull = pull_of(hub, call)
    old, new = span(call.repo, pull)
    patches = {path: each.patch for path, each in lines.read(bare.diff(call.repo.folder, old, new)).items()}
    found = bare.changed(call.repo.folder, old, new)[:3000]
    return paged(hub, call, found, lambda each: file_view(hub, call.repo, each, new, patches))


@route("GET", f"{_ONE}/commits", permission=("pull_requests", "read"))
def list_commits(hub: Hub, call: Call) -> Reply:
    _, pull = pull_of(hub, call)
    old, new = span(call.repo, pull)
    found = bare.log(call.repo.folder, "--reverse", new, f"^{old}")
    return paged(hub, call, found, lambda each: commit_view(hub, call.repo, each))


@route("GET", f"{_ONE}/merge", permission=("contents", "read"))
def is_merged(hub: Hub, call: Call) -> Reply:
    if not pull_of(hub, call)[1].merged:
        raise Refused(404, "Not Found")
    return Answer(204)


@route("PUT", f"{_ONE}/merge", permission=("contents", "write"))
def merge_pull(hub: Hub, call: Call) -> Reply:
    """A merge commit, whatever method was asked for."""
    issue, pull = pull_of(hub, call)
    repo = call.repo
    need_role(hub, call, repo, "write")
    if issue.state != "open" or pull.draft:
        raise Refused(405, "Pull Request is still a draft" if pull.draft else "Pull Request is not mergeable")
    if call.body.get("sha") not in (None, pull.head_sha):
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    base = bare.branch(repo.folder, pull.base)
    tree = bare.merged_tree(repo.folder, base, pull.head_sha)
    if not tree:
        raise Refused(405, "Pull Request is not mergeable")
    words = str(call.body.get("commit_title") or f"Merge pull request #{issue.number} from {repo.owner}/{pull.head}")
    who = (call.login, f"{call.login}@users.noreply.github.com")
    merge = bare.commit_tree(repo.folder, tree, (base, pull.head_sha), words, hub.now(), who)
    pushes.merged(hub, call, repo, issue, merge)
    bare.set_ref(repo.folder, f"refs/heads/{pull.base}", merge, base)
    pushes.moved(hub, call, repo, f"refs/heads/{pull.base}", base, merge)
    return 200, {"sha": merge, "merged": True, "message": "Pull Request successfully merged"}


@route("POST", f"{_ONE}/requested_reviewers", permission=("pull_requests", "write"))
def request_reviewers(hub: Hub, call: Call) -> Reply:
    issue, pull = pull_of(hub, call)
    need_role(hub, call, call.repo, "triage", issue.author)
    for login in call.body.get("reviewers") or ():
        if login.lower() not in call.repo.roles or login == issue.author:
            raise Refused(422, NO_REVIEWER)
        if login not in pull.reviewers:
            pull.reviewers.append(login)
            happen.touched(hub, call, call.repo, issue, "review_requested",
                           requested_reviewer=user_view(hub, login))  # fmt: skip
    return 201, pull_view(hub, call.repo, issue)


def set_draft(hub: Hub, call: Call, issue: Issue, draft: bool) -> dict[str, Any]:
    """Only GraphQL can; see `graphql`."""
    pull = half(issue)
    if pull.draft != draft:
        pull.draft = draft
        happen.touched(hub, call, call.repo, issue, "converted_to_draft" if draft else "ready_for_review")
    return {"id": issue.node_id, "number": issue.number, "isDraft": draft}

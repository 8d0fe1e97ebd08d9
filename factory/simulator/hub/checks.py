"""Routes for check runs and commit statuses."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Repository, Token
from factory.simulator.hub.routes import Call, Refused, Reply, paged, route
from factory.simulator.hub.views import page_url, repo_url, repository_view, user_view

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

Json = dict[str, Any]
REPO = "/repos/{owner}/{repo}"
MOST_ANNOTATIONS = 50  # a request
MOST_STATUSES = 1000  # of one commit and context
READ, WRITE = ("checks", "read"), ("checks", "write")


@dataclass
class CheckRun:
    id: int
    name: str
    sha: str
    by: str  # login of the app
    created: str
    status: str = "queued"
    conclusion: str = ""
    external_id: str = ""
    details: str = ""
    started: str = ""
    completed: str = ""
    title: str = ""
    summary: str = ""
    text: str = ""
    annotations: list[Json] = field(default_factory=list)


@dataclass
class Status:
    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target: str | None
    by: str
    created: str


@route("POST", f"{REPO}/check-runs", permission=WRITE)
def create_check(hub: "Hub", call: Call) -> Reply:
    _app(call.token)
    sha = bare.resolve(call.repo.folder, str(call.body["head_sha"]))
    if not sha:
        raise Refused(422, f"No commit found for SHA: {call.body['head_sha']}")
    check = CheckRun(hub.next_id(), call.body["name"], sha, call.login, hub.now(), started=hub.now())
    _write(hub, check, call.body)
    checks_of(call.repo)[check.id] = check
    shown = check_view(hub, call.repo, check)
    hub.emit(call, call.repo, "check_run", {"action": "created", "check_run": shown})
    if check.status == "completed":
        _suite_ended(hub, call, check)
    return 201, shown


@route("PATCH", f"{REPO}/check-runs/{{check}}", permission=WRITE)
def update_check(hub: "Hub", call: Call) -> Reply:
    """Annotations are added to those that are there."""
    _app(call.token)
    check = _check(call)
    if check.by != call.login:
        raise Refused(403, "Invalid app_id - check run can only be modified by the GitHub App that created it.")
    done = check.status == "completed"
    _write(hub, check, call.body)
    shown = check_view(hub, call.repo, check)
    if check.status == "completed" and not done:
        hub.emit(call, call.repo, "check_run", {"action": "completed", "check_run": shown})
        _suite_ended(hub, call, check)
    return 200, shown


@route("GET", f"{REPO}/check-runs/{{check}}", permission=READ)
def get_check(hub: "Hub", call: Call) -> Reply:
    return 200, check_view(hub, call.repo, _check(call))


@route("GET", f"{REPO}/check-runs/{{check}}/annotations", permission=READ)
def list_annotations(hub: "Hub", call: Call) -> Reply:
    check = _check(call)
    page = f"{page_url(hub, call.repo)}/blob/{check.sha}"
    empty = dict.fromkeys(("start_column", "end_column", "title", "raw_details"))
    return paged(hub, call, check.annotations, lambda one: {**empty, **one, "blob_href": f"{page}/{one['path']}"})


@route("GET", f"{REPO}/commits/{{ref...}}/check-runs", permission=READ)
def list_checks(hub: "Hub", call: Call) -> Reply:
    sha = _commit(call)
    found = [one for one in checks_of(call.repo).values() if one.sha == sha]
    if call.query.get("filter", "latest") == "latest":
        found = list({(one.by, one.name): one for one in found}.values())
    for name, value in (("check_name", "name"), ("status", "status")):
        found = [one for one in found if call.query.get(name, getattr(one, value)) == getattr(one, value)]
    found.reverse()
    return paged(hub, call, found, lambda one: check_view(hub, call.repo, one), "check_runs")


@route("POST", f"{REPO}/statuses/{{sha}}", permission=("statuses", "write"))
def create_status(hub: "Hub", call: Call) -> Reply:
    body, sha = call.body, bare.resolve(call.repo.folder, call.params["sha"])
    if not sha:
        raise Refused(422, f"No commit found for SHA: {call.params['sha']}")
    context = body.get("context") or "default"
    others = _statuses(call.repo)
    if sum((one.sha, one.context) == (sha, context) for one in others) >= MOST_STATUSES:
        raise Refused(422, "This SHA and context has reached the maximum number of statuses.")
    words = body.get("description"), body.get("target_url")
    status = Status(hub.next_id(), sha, context, body["state"], *words, call.login, hub.now())
    others.append(status)
    shown = status_view(hub, call.repo, status)
    heads = [{"name": name} for name in _branches(call.repo, sha)]
    told = {"sha": sha, "context": context, "state": status.state, "id": status.id, "branches": heads}
    hub.emit(call, call.repo, "status", told)
    return 201, shown


@route("GET", f"{REPO}/commits/{{ref...}}/statuses", permission=("statuses", "read"))
def list_statuses(hub: "Hub", call: Call) -> Reply:
    sha = _commit(call)
    own = [one for one in reversed(_statuses(call.repo)) if one.sha == sha]
    return paged(hub, call, own, lambda one: status_view(hub, call.repo, one))


@route("GET", f"{REPO}/commits/{{ref...}}/status", permission=("statuses", "read"))
def get_combined_status(hub: "Hub", call: Call) -> Reply:
    sha = _commit(call)
    last = {one.context: one for one in _statuses(call.repo) if one.sha == sha}
    states = {one.state for one in last.values()}
    bad, good = states & {"error", "failure"}, states == {"success"}
    url = f"{repo_url(hub, call.repo)}/commits/{sha}"
    short = [status_view(hub, call.repo, one) for one in last.values()]
    return 200, {
        "state": "failure" if bad else "success" if good else "pending", "sha": sha, "total_count": len(last),
        "statuses": short, "repository": repository_view(hub, call.repo), "commit_url": url, "url": f"{url}/status",
    }  # fmt: skip


def _suite_ended(hub: "Hub", call: Call, check: CheckRun) -> None:
    """The app's suite on this commit has ended when none of its check runs is under way."""
    mine = [one for one in checks_of(call.repo).values() if (one.by, one.sha) == (check.by, check.sha)]
    if any(one.status != "completed" for one in mine):
        return
    bad = next((one.conclusion for one in mine if one.conclusion != "success"), "success")
    suite = {
        "id": check.id, "head_sha": check.sha, "head_branch": next(iter(_branches(call.repo, check.sha)), None),
        "status": "completed", "conclusion": bad, "app": _app_view(hub, check), "pull_requests": [],
    }  # fmt: skip
    hub.emit(call, call.repo, "check_suite", {"action": "completed", "check_suite": suite})


def _branches(repo: Repository, sha: str) -> list[str]:
    """Whose head it is."""
    heads = bare.refs(repo.folder, "refs/heads/")
    return [name.removeprefix("refs/heads/") for name, at in heads.items() if at == sha]


def checks_of(repo: Repository) -> dict[int, CheckRun]:
    found: dict[int, CheckRun] = repo.extras.setdefault("checks", {})
    return found


def check_view(hub: "Hub", repo: Repository, check: CheckRun) -> Json:
    url = f"{repo_url(hub, repo)}/check-runs/{check.id}"
    page = f"{page_url(hub, repo)}/runs/{check.id}"
    return {
        "id": check.id, "node_id": f"CR_{check.id}", "head_sha": check.sha, "external_id": check.external_id,
        "url": url, "html_url": page, "details_url": check.details or page, "status": check.status,
        "conclusion": check.conclusion or None, "started_at": check.started or None,
        "completed_at": check.completed or None, "name": check.name, "check_suite": {"id": check.id},
        "output": {
            "title": check.title or None, "summary": check.summary or None, "text": check.text or None,
            "annotations_count": len(check.annotations), "annotations_url": f"{url}/annotations",
        },
        "app": _app_view(hub, check), "pull_requests": [],
    }  # fmt: skip


def status_view(hub: "Hub", repo: Repository, status: Status) -> Json:
    return {
        "id": status.id, "node_id": f"SC_{status.id}", "url": f"{repo_url(hub, repo)}/statuses/{status.sha}",
        "avatar_url": None, "state": status.state, "description": status.description, "target_url": status.target,
        "context": status.context, "created_at": status.created, "updated_at": status.created,
        "creator": user_view(hub, status.by),
    }  # fmt: skip


def _app_view(hub: "Hub", check: CheckRun) -> Json:
    slug = check.by.removesuffix("[bot]")
    known = [app for app in hub.apps.values() if app.slug == slug]
    number = known[0].id if known else 15368  # GitHub Actions' own app
    return {
        "id": number, "slug": slug, "node_id": f"A_{number}", "owner": user_view(hub, check.by), "name": slug,
        "description": None, "external_url": hub.server_url, "html_url": f"{hub.server_url}/apps/{slug}",
        "created_at": check.created, "updated_at": check.created, "permissions": {"checks": "write"}, "events": [],
    }  # fmt: skip


def _write(hub: "Hub", check: CheckRun, body: Json) -> None:
    """What a request says about a check run. Raises Refused 422 before anything is changed."""
    output = body.get("output") or {}
    notes = output.get("annotations") or []
    if len(notes) > MOST_ANNOTATIONS:
        raise Refused(
            422, f"Invalid request.\n\nNo more than {MOST_ANNOTATIONS} items are allowed; {len(notes)} were supplied."
        )
    conclusion = body.get("conclusion", check.conclusion)
    status = "completed" if body.get("conclusion") else body.get("status", check.status)
    if status == "completed" and not conclusion:
        raise Refused(422, "Invalid request.\n\nMissing conclusion: a completed check run needs one.")
    check.status, check.conclusion = status, conclusion if status == "completed" else ""
    check.completed = body.get("completed_at", check.completed or hub.now()) if status == "completed" else ""
    for mine, theirs in (("name", "name"), ("external_id", "external_id"), ("details", "details_url"),
                         ("started", "started_at")):  # fmt: skip
        setattr(check, mine, body.get(theirs, getattr(check, mine)))
    for name in ("title", "summary", "text"):
        setattr(check, name, output.get(name, getattr(check, name)))
    check.annotations += notes


def _app(token: Token | None) -> None:
    if token is None or token.kind not in ("actions", "app"):
        raise Refused(403, "You must authenticate via a GitHub App.")


def _check(call: Call) -> CheckRun:
    found = checks_of(call.repo).get(call.number("check"))
    if not found:
        raise Refused(404, "Not Found")
    return found


def _commit(call: Call) -> str:
    name = call.params["ref"]
    sha = bare.branch(call.repo.folder, name) or bare.resolve(call.repo.folder, name)
    if not sha:
        raise Refused(422, f"No commit found for SHA: {name}")
    return sha


def _statuses(repo: Repository) -> list[Status]:
    found: list[Status] = repo.extras.setdefault("statuses", [])
    return found

"""Routes that start workflows (repository_dispatch, workflow_dispatch) and list what may be started.

The runner takes the event from `hub.events`; for workflow_dispatch its payload names the file under `workflow`.
"""

import json
import re
from typing import TYPE_CHECKING, Any

from factory.contracts.errors import GitProblem
from factory.simulator.hub import bare
from factory.simulator.hub.action_views import workflow_view
from factory.simulator.hub.actions import is_workflow
from factory.simulator.hub.nouns import Repository
from factory.simulator.hub.routes import Call, Refused, Reply, invalid, paged, route
from factory.simulator.hub.runs import settings

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

REPO = "/repos/{owner}/{repo}"
WORKFLOWS = f"{REPO}/actions/workflows"
MOST_PAYLOAD = 65_535  # bytes of client_payload as JSON
MOST_KEYS = 10
MOST_TYPE = 100
MOST_INPUTS = 25
MOST_INPUT_CHARACTERS = 65_535  # of all inputs together


@route("POST", f"{REPO}/dispatches", permission=("contents", "write"))
def repository_dispatch(hub: "Hub", call: Call) -> Reply:
    kind, payload = call.body.get("event_type", ""), call.body.get("client_payload") or {}
    if not isinstance(kind, str) or not 0 < len(kind) <= MOST_TYPE:
        raise Refused(422, f"event_type is too long (maximum is {MOST_TYPE} characters)")
    if not isinstance(payload, dict) or len(payload) > MOST_KEYS:
        many = len(payload) if isinstance(payload, dict) else 0
        raise Refused(422, f"No more than {MOST_KEYS} properties are allowed; {many} were supplied.")
    if len(json.dumps(payload).encode()) > MOST_PAYLOAD:
        raise Refused(422, "client_payload is too large.")
    branch = call.repo.default_branch
    body = {"action": kind, "branch": branch, "client_payload": payload}
    hub.emit(
        call, call.repo, "repository_dispatch", body, f"refs/heads/{branch}", bare.branch(call.repo.folder, branch)
    )
    return 204, None


@route("POST", f"{WORKFLOWS}/{{workflow}}/dispatches", permission=("actions", "write"))
def workflow_dispatch(hub: "Hub", call: Call) -> Reply:
    path = _path(call)
    full, sha = _ref(call.repo, str(call.body.get("ref", "")))
    if path in settings(call.repo).disabled:
        raise Refused(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    text = _text(call.repo, sha, path)
    if not re.search(r"\bworkflow_dispatch\b", text):
        raise Refused(422, "Workflow does not have 'workflow_dispatch' trigger")
    inputs = _inputs(call.body.get("inputs") or {})
    unknown = [name for name in inputs if not re.search(rf"(?<![\w-]){re.escape(name)}\s*:", text)]
    if unknown:
        raise Refused(422, f"Unexpected inputs provided: {json.dumps(unknown)}")
    hub.emit(call, call.repo, "workflow_dispatch", {"inputs": inputs, "ref": full, "workflow": path}, full, sha)
    return 204, None


@route("GET", WORKFLOWS, permission=("actions", "read"))
def list_workflows(hub: "Hub", call: Call) -> Reply:
    return paged(hub, call, workflows(call.repo), lambda path: _view(hub, call.repo, path), "workflows")


@route("GET", f"{WORKFLOWS}/{{workflow}}", permission=("actions", "read"))
def get_workflow(hub: "Hub", call: Call) -> Reply:
    return 200, _view(hub, call.repo, _path(call))


@route("PUT", f"{WORKFLOWS}/{{workflow}}/disable", permission=("actions", "write"))
def disable_workflow(hub: "Hub", call: Call) -> Reply:
    settings(call.repo).disabled.add(_path(call))
    return 204, None


@route("PUT", f"{WORKFLOWS}/{{workflow}}/enable", permission=("actions", "write"))
def enable_workflow(hub: "Hub", call: Call) -> Reply:
    settings(call.repo).disabled.discard(_path(call))
    return 204, None


def workflows(repo: Repository) -> list[str]:
    """Paths of the workflow files on the default branch: only these exist for GitHub."""
    head = bare.branch(repo.folder, repo.default_branch)
    if not head:
        return []
    names = bare.text(repo.folder, "ls-tree", "--name-only", head, ".github/workflows/").splitlines()
    return [name for name in names if name.endswith((".yml", ".yaml"))]


def _path(call: Call) -> str:
    found = [path for path in workflows(call.repo) if is_workflow(call.repo, path, call.params["workflow"])]
    if not found:
        raise Refused(404, "Not Found")
    return found[0]


def _ref(repo: Repository, name: str) -> tuple[str, str]:
    """A branch or tag by its short or full name: full name and commit."""
    for full in (name, f"refs/heads/{name}", f"refs/tags/{name}"):
        if full.startswith("refs/") and (sha := bare.resolve(repo.folder, full)):
            return full, sha
    raise Refused(422, f"No ref found for: {name}")


def _text(repo: Repository, sha: str, path: str) -> str:
    try:
        return bare.text(repo.folder, "cat-file", "blob", f"{sha}:{path}")
    except GitProblem:
        return ""


def _inputs(inputs: Any) -> dict[str, str]:
    """As text: that is how the event has them."""
    if not isinstance(inputs, dict) or len(inputs) > MOST_INPUTS:
        raise Refused(422, f"you may only define up to {MOST_INPUTS} inputs for a 'workflow_dispatch' event")
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in inputs.items()}
    if sum(len(name) + len(value) for name, value in texts.items()) > MOST_INPUT_CHARACTERS:
        raise invalid("Workflow", "inputs", "custom", "inputs are too large.")
    return texts


def _view(hub: "Hub", repo: Repository, path: str) -> dict[str, Any]:
    text = _text(repo, bare.branch(repo.folder, repo.default_branch), path)
    name = re.search(r"^name:\s*['\"]?([^'\"\n#]+)", text, re.MULTILINE)
    return workflow_view(hub, repo, path, name[1].strip() if name else path, path in settings(repo).disabled)

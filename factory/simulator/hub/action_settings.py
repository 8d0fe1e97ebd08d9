"""Routes for a repository's Actions settings: variables, names of secrets, permissions, self-hosted runners."""

import base64
import re
from typing import TYPE_CHECKING, Any

from factory.simulator.hub.action_views import runner_view
from factory.simulator.hub.routes import Call, Refused, Reply, paged, route
from factory.simulator.hub.runs import settings

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

BASE = "/repos/{owner}/{repo}/actions"
NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*")
KEY = ("hub", base64.b64encode(bytes(range(32))).decode())  # id and key that secrets are sealed to; nobody opens them


@route("GET", f"{BASE}/variables", permission=("actions_variables", "read"))
def list_variables(hub: "Hub", call: Call) -> Reply:
    names = sorted(settings(call.repo).variables)
    return paged(hub, call, names, lambda name: _variable(call, name), "variables")


@route("GET", f"{BASE}/variables/{{name}}", permission=("actions_variables", "read"))
def get_variable(hub: "Hub", call: Call) -> Reply:
    return 200, _variable(call, _known(call.params["name"], settings(call.repo).variables))


@route("POST", f"{BASE}/variables", permission=("actions_variables", "write"))
def create_variable(hub: "Hub", call: Call) -> Reply:
    name = _name(call.body["name"])
    if name in settings(call.repo).variables:
        raise Refused(409, "Already exists - Variable already exists")
    settings(call.repo).variables[name] = str(call.body["value"])
    return 201, {}


@route("PATCH", f"{BASE}/variables/{{name}}", permission=("actions_variables", "write"))
def update_variable(hub: "Hub", call: Call) -> Reply:
    variables = settings(call.repo).variables
    value = variables.pop(_known(call.params["name"], variables))
    variables[_name(call.body.get("name", call.params["name"]))] = str(call.body.get("value", value))
    return 204, None


@route("DELETE", f"{BASE}/variables/{{name}}", permission=("actions_variables", "write"))
def delete_variable(hub: "Hub", call: Call) -> Reply:
    variables = settings(call.repo).variables
    del variables[_known(call.params["name"], variables)]
    return 204, None


@route("GET", f"{BASE}/secrets", permission=("secrets", "read"))
def list_secrets(hub: "Hub", call: Call) -> Reply:
    return paged(hub, call, sorted(settings(call.repo).secrets), lambda name: _dated(call, name), "secrets")


@route("GET", f"{BASE}/secrets/public-key", permission=("secrets", "read"))
def get_public_key(hub: "Hub", call: Call) -> Reply:
    return 200, {"key_id": KEY[0], "key": KEY[1]}


@route("GET", f"{BASE}/secrets/{{name}}", permission=("secrets", "read"))
def get_secret(hub: "Hub", call: Call) -> Reply:
    return 200, _dated(call, _known(call.params["name"], settings(call.repo).secrets))


@route("PUT", f"{BASE}/secrets/{{name}}", permission=("secrets", "write"))
def put_secret(hub: "Hub", call: Call) -> Reply:
    names, name = settings(call.repo).secrets, _name(call.params["name"])
    if call.body["key_id"] != KEY[0]:
        raise Refused(422, "Bad request - public key does not match")
    if name in names:
        return 204, None
    names.append(name)
    return 201, {}


@route("DELETE", f"{BASE}/secrets/{{name}}", permission=("secrets", "write"))
def delete_secret(hub: "Hub", call: Call) -> Reply:
    names = settings(call.repo).secrets
    names.remove(_known(call.params["name"], names))
    return 204, None


@route("GET", f"{BASE}/permissions", permission=("administration", "read"))
def get_permissions(hub: "Hub", call: Call) -> Reply:
    own = settings(call.repo)
    shown = {"enabled": own.enabled, "allowed_actions": own.allowed_actions, "sha_pinning_required": False}
    return 200, shown if own.enabled else {"enabled": False}


@route("PUT", f"{BASE}/permissions", permission=("administration", "write"))
def set_permissions(hub: "Hub", call: Call) -> Reply:
    own = settings(call.repo)
    own.enabled, own.allowed_actions = call.body["enabled"], call.body.get("allowed_actions", own.allowed_actions)
    return 204, None


@route("GET", f"{BASE}/permissions/workflow", permission=("administration", "read"))
def get_default_permissions(hub: "Hub", call: Call) -> Reply:
    may = call.repo.actions_may_open_pulls
    default = settings(call.repo).default_permissions
    return 200, {"default_workflow_permissions": default, "can_approve_pull_request_reviews": may}


@route("PUT", f"{BASE}/permissions/workflow", permission=("administration", "write"))
def set_default_permissions(hub: "Hub", call: Call) -> Reply:
    own = settings(call.repo)
    own.default_permissions = call.body.get("default_workflow_permissions", own.default_permissions)
    may = call.body.get("can_approve_pull_request_reviews", call.repo.actions_may_open_pulls)
    call.repo.actions_may_open_pulls = may
    return 204, None


@route("GET", f"{BASE}/runners", permission=("administration", "read"))
def list_runners(hub: "Hub", call: Call) -> Reply:
    name = call.query.get("name", "")
    shown = [one for one in settings(call.repo).runners if name in ("", one.name)]
    return paged(hub, call, shown, runner_view, "runners")


@route("GET", f"{BASE}/runners/{{runner}}", permission=("administration", "read"))
def get_runner(hub: "Hub", call: Call) -> Reply:
    found = [one for one in settings(call.repo).runners if one.id == call.number("runner")]
    if not found:
        raise Refused(404, "Not Found")
    return 200, runner_view(found[0])


def _variable(call: Call, name: str) -> dict[str, Any]:
    return {**_dated(call, name), "value": settings(call.repo).variables[name]}


def _dated(call: Call, name: str) -> dict[str, Any]:
    return {"name": name, "created_at": call.repo.created, "updated_at": call.repo.created}


def _known(name: str, names: Any) -> str:
    if name.upper() not in names:
        raise Refused(404, "Not Found")
    return name.upper()


def _name(name: str) -> str:
    """GitHub keeps names in capitals. Raises Refused 422."""
    if not NAME.fullmatch(name.upper()):
        raise Refused(422, "Names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_).")
    return name.upper()

"""Handlers: repositories, people, and what somebody may do in a repository."""

from factory.simulator.hub.nouns import RANK
from factory.simulator.hub.routes import Answer, Call, Refused, Reply, paged, route
from factory.simulator.hub.state import Hub
from factory.simulator.hub.views import permissions_view, repository_view, user_view

_CLASSIC = {"maintain": "write", "triage": "read"}  # what `permission` says for the finer roles


@route("GET", "/repos/{owner}/{repo}", permission=("metadata", "read"))
def get_repository(hub: Hub, call: Call) -> Reply:
    return 200, {**repository_view(hub, call.repo), "permissions": permissions_view(hub, call.repo, call.login)}


@route("GET", "/repos/{owner}/{repo}/collaborators", permission=("metadata", "read"))
def list_collaborators(hub: Hub, call: Call) -> Reply:
    return paged(hub, call, list(call.repo.roles), lambda login: _collaborator(hub, call, login))


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}", permission=("metadata", "read"))
def is_collaborator(hub: Hub, call: Call) -> Reply:
    if call.params["username"].lower() not in call.repo.roles:
        raise Refused(404, "Not Found")
    return Answer(204)


@route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", permission=("metadata", "read"))
def get_permission(hub: Hub, call: Call) -> Reply:
    """`role_name` is the custom role's own name; `permission` only knows admin, write, read and none."""
    user = hub.person(call.params["username"])
    role = hub.role(call.repo, user.login)
    below = call.repo.custom_roles.get(role, role)
    who = _collaborator(hub, call, user.login)
    return 200, {"permission": _CLASSIC.get(below, below), "role_name": role, "user": who}


def _collaborator(hub: Hub, call: Call, login: str) -> dict[str, object]:
    return {
        **user_view(hub, login), "permissions": permissions_view(hub, call.repo, login),
        "role_name": hub.role(call.repo, login),
    }  # fmt: skip


@route("GET", "/repos/{owner}/{repo}/assignees", permission=("metadata", "read"))
def list_assignees(hub: Hub, call: Call) -> Reply:
    logins = [login for login in call.repo.roles if hub.rank(call.repo, login) >= RANK["read"]]
    return paged(hub, call, logins, lambda login: user_view(hub, login))


@route("GET", "/user")
def get_self(hub: Hub, call: Call) -> Reply:
    if not call.token or call.token.kind != "pat":
        raise Refused(403, "Resource not accessible by integration")
    return 200, _profile(hub, call.login)


@route("GET", "/users/{username}", public=True)
def get_user(hub: Hub, call: Call) -> Reply:
    return 200, _profile(hub, hub.person(call.params["username"]).login)


def _profile(hub: Hub, login: str) -> dict[str, object]:
    names = ("name", "company", "location", "email", "hireable", "bio", "twitter_username")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **user_view(hub, login), **dict.fromkeys(names), "blog": "", **dict.fromkeys(counts, 0),
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
    }  # fmt: skip

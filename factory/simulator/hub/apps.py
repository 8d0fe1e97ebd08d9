"""Handlers: a GitHub App's installation and its tokens. The App itself is registered with `register`."""

from typing import Any

from factory.simulator.hub.jwt import public_key
from factory.simulator.hub.nouns import App, Level, Repository
from factory.simulator.hub.routes import Call, Refused, Reply, paged, route
from factory.simulator.hub.state import Hub, stamp
from factory.simulator.hub.views import repository_view, user_view

LASTS = 3600  # seconds an installation token lives
NOT_THERE = "There is at least one repository that does not exist or is not accessible to the parent installation."


def register(hub: Hub, slug: str, permissions: dict[str, Level], *repos: Repository, pem: str = "") -> App:
    """A new App, installed on these repositories. Without its public key any well-formed JWT of it passes."""
    with hub.lock:
        app = App(hub.next_id(), slug, public_key(pem) if pem else None, dict(permissions))
        app.installations = {hub.next_id(): repo.full_name for repo in repos}
        hub.apps[app.id] = app
        hub.user(f"{slug}[bot]", kind="Bot")
        return app


def _app(hub: Hub, call: Call) -> App:
    if not call.token or call.token.kind != "jwt":
        raise Refused(401, "A JSON web token could not be decoded")
    return hub.apps[call.token.app]


@route("GET", "/app")
def get_app(hub: Hub, call: Call) -> Reply:
    app = _app(hub, call)
    return 200, {
        "id": app.id, "slug": app.slug, "node_id": f"A_{app.id}", "client_id": f"Iv1.{app.id}", "name": app.slug,
        "owner": user_view(hub, next(iter(app.installations.values()), "octo/x").partition("/")[0]),
        "description": None, "external_url": hub.server_url, "html_url": f"{hub.server_url}/apps/{app.slug}",
        "created_at": hub.now(), "updated_at": hub.now(), "permissions": app.permissions, "events": [],
        "installations_count": len(app.installations),
    }  # fmt: skip


@route("GET", "/app/installations")
def list_installations(hub: Hub, call: Call) -> Reply:
    app = _app(hub, call)
    return paged(hub, call, list(app.installations), lambda number: _installation(hub, app, number))


@route("GET", "/app/installations/{installation_id}")
def get_installation(hub: Hub, call: Call) -> Reply:
    return 200, _installation(hub, _app(hub, call), call.number("installation_id"))


@route("GET", "/repos/{owner}/{repo}/installation")
def repository_installation(hub: Hub, call: Call) -> Reply:
    app = _app(hub, call)
    for number, name in app.installations.items():
        if name.lower() == call.repo.full_name.lower():
            return 200, _installation(hub, app, number)
    raise Refused(404, "Not Found")


def _installation(hub: Hub, app: App, number: int) -> dict[str, Any]:
    if number not in app.installations:
        raise Refused(404, "Not Found")
    account = user_view(hub, app.installations[number].partition("/")[0])
    return {
        "id": number, "account": account, "repository_selection": "selected",
        "access_tokens_url": f"{hub.url}/app/installations/{number}/access_tokens",
        "repositories_url": f"{hub.url}/installation/repositories", "client_id": f"Iv1.{app.id}",
        "html_url": f"{hub.server_url}/settings/installations/{number}", "app_id": app.id, "app_slug": app.slug,
        "target_id": account["id"], "target_type": account["type"], "permissions": app.permissions, "events": [],
        "created_at": hub.now(), "updated_at": hub.now(), "single_file_name": None, "suspended_by": None,
        "suspended_at": None,
    }  # fmt: skip


@route("POST", "/app/installations/{installation_id}/access_tokens")
def create_token(hub: Hub, call: Call) -> Reply:
    """May be narrowed to fewer permissions or repositories, never widened: 422."""
    app, number = _app(hub, call), call.number("installation_id")
    _installation(hub, app, number)
    repo = hub.repo(app.installations[number])
    others = [name for name in call.body.get("repositories", ()) if name.lower() != repo.name.lower()]
    if others or any(each != repo.id for each in call.body.get("repository_ids", ())):
        raise Refused(422, NOT_THERE)
    asked: dict[str, Level] = call.body.get("permissions") or app.permissions
    order = ("", "read", "write", "admin")
    if any(order.index(level) > order.index(app.permissions.get(name, "")) for name, level in asked.items()):
        raise Refused(422, "The permissions requested are not granted to this installation.")
    value = hub.token(f"{app.slug}[bot]", repo.full_name, asked, kind="app", lasts=LASTS)
    return 201, {
        "token": value, "expires_at": stamp(hub.epoch() + LASTS), "permissions": dict(asked),
        "repository_selection": "selected", "repositories": [repository_view(hub, repo)],
    }  # fmt: skip


@route("GET", "/installation/repositories")
def installation_repositories(hub: Hub, call: Call) -> Reply:
    if not call.token or call.token.kind not in ("app", "actions"):
        raise Refused(403, "Resource not accessible by personal access token")
    return paged(hub, call, [hub.repo(call.token.repo)], lambda repo: repository_view(hub, repo), key="repositories")

"""GitHub's bounds on titles and bodies, and what a person's own token needs a role for."""

from typing import TYPE_CHECKING

from factory.simulator.hub.nouns import RANK, Repository
from factory.simulator.hub.routes import Call, Refused, invalid

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

LONGEST_BODY, LONGEST_TITLE = 65_536, 256  # characters


def body_of(call: Call, resource: str, required: bool = False) -> str:
    """The request's `body`. Raises Refused 422 when it is too long or, where required, missing."""
    body = call.body.get("body") or ""
    if required and not body.strip():
        code = "custom" if "body" in call.body else "missing_field"
        raise invalid(resource, "body", code, "body cannot be blank")
    if len(body) > LONGEST_BODY:
        raise invalid(resource, "body", "custom", f"body is too long (maximum is {LONGEST_BODY} characters)")
    return str(body)


def title_of(call: Call, resource: str) -> str:
    title = str(call.body.get("title") or "")
    if not title.strip():
        raise invalid(resource, "title", "missing_field")
    if len(title) > LONGEST_TITLE:
        raise invalid(resource, "title", "custom", f"title is too long (maximum is {LONGEST_TITLE} characters)")
    return title


def need_role(hub: "Hub", call: Call, repo: Repository, role: str, author: str = "") -> None:
    """For a person's own token: at least this role, or being the author. Raises Refused 403."""
    if call.login != author and not has_role(hub, call, repo, role):
        raise Refused(403, "Must have admin rights to Repository.")


def has_role(hub: "Hub", call: Call, repo: Repository, role: str) -> bool:
    """True for Apps and Actions: their permissions were checked already."""
    return not (call.token and call.token.kind == "pat") or hub.rank(repo, call.login) >= RANK[role]

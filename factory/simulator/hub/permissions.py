"""What a token must hold for an operation: GitHub's documented permissions (`permissions.toml`), and the conditions
that depend on what is asked for. `refusal` is the server's step between visibility and the request's form.
"""

import functools
import tomllib
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.simulator.hub import openapi
from factory.simulator.hub.nouns import RANK, Token
from factory.simulator.hub.routes import Call, Need, Refused

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

TABLE = Path(__file__).parent / "permissions.toml"
REPOSITORY = "/repos/{owner}/{repo}"
WORDS = ("public", "user", "app", "installation")
WORKFLOW_FILES = ".github/workflows/"
PUBLIC = (
    "metadata",
    "contents",
    "issues",
    "pull_requests",
    "checks",
    "statuses",
)  # read by all where the repository is
LEAST = {"administration": "admin", "secrets": "write", "actions_variables": "write"}  # role, also to read
NOT_OURS = "Resource not accessible by integration"
NOT_THEIRS = "Resource not accessible by personal access token"
NO_PULLS = "GitHub Actions is not permitted to create or approve pull requests."


@functools.cache
def table() -> Mapping[tuple[str, str], str]:
    """(method, template) -> the rule's text."""
    found = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    rows = [(row, "", rule) for row, rule in found["global"].items()]
    rows += [(row, REPOSITORY, rule) for row, rule in found["repository"].items()]
    return {(row.partition(" ")[0], prefix + row.partition(" ")[2]): rule for row, prefix, rule in rows}


def needs(method: str, template: str) -> tuple[Need, ...]:
    """Any one of them is enough; () where a word rules. Templates are those of GitHub's description."""
    rule = table()[method, template]
    if rule in WORDS:
        return ()
    return tuple((name, level) for name, _, level in (one.strip().partition(":") for one in rule.split("|")))


def refusal(hub: "Hub", call: Call) -> Refused | None:
    """GitHub's answer to a call whose token lacks what the operation needs; None when it may go on."""
    operation = openapi.description().find(call.method, call.path)
    if operation is None:  # not described (GraphQL, downloads): as its route says, and else its handler decides
        wanted = call.route.needs if call.route else ()
        return _refused(call.token, wanted) if wanted and not any(_may(hub, call, need) for need in wanted) else None
    rule = table()[operation.method, operation.template]
    if rule in WORDS:
        return _by_word(rule, call.token)
    wanted = needs(operation.method, operation.template)
    if not any(_may(hub, call, need) for need in wanted):
        return _refused(call.token, wanted)
    return _by_subject(hub, call, operation.template)


def _by_word(rule: str, token: Token | None) -> Refused | None:
    kinds = {"user": ("pat",), "app": ("jwt",), "installation": ("app", "actions")}.get(rule)
    if kinds is None or (token and token.kind in kinds):
        return None
    if rule == "app":
        return Refused(401, "A JSON web token could not be decoded")
    return Refused(
        403, NOT_OURS if token and token.kind != "pat" else "You must authenticate with an installation token"
    )


def _may(hub: "Hub", call: Call, need: Need) -> bool:
    name, level = need
    private = call.found is None or call.found.private
    if not private and level == "read" and name in PUBLIC:
        return True
    if call.found is None or call.token is None or call.token.kind == "jwt":
        return False
    if call.token.kind == "pat" and hub.rank(call.found, call.token.login) < RANK[LEAST.get(name, "none")]:
        return False
    return call.token.grants(name, level) and hub.may(call.token, call.found, name, level)


def _refused(token: Token | None, wanted: tuple[Need, ...]) -> Refused:
    if token is None:
        return Refused(401, "Requires authentication")
    accepted = "; ".join(f"{name}={level}" for name, level in wanted)
    if token.kind == "pat" and not token.permissions:  # a classic one: its owner's role is too low
        return Refused(403, "Must have admin rights to Repository.")
    message = NOT_THEIRS if token.kind == "pat" else NOT_OURS
    return Refused(403, message, headers={"X-Accepted-GitHub-Permissions": accepted})


def _by_subject(hub: "Hub", call: Call, template: str) -> Refused | None:
    """Conditions beyond the table: plain issues, workflow files, pull requests made by Actions."""
    token, below = call.token, template.removeprefix(REPOSITORY)
    if token is None or call.method == "GET" or (token.kind == "pat" and not token.permissions):
        return None
    if token.kind == "actions" and not call.repo.actions_may_open_pulls:
        if below == "/pulls":
            return Refused(403, NO_PULLS)
        if below.endswith(("/reviews", "/events")) and _field(call, "event") == "APPROVE":
            return Refused(422, "Unprocessable Entity", ["GitHub Actions is not permitted to approve pull requests."])
    if _touches_workflows(call, below) and not token.grants("workflows", "write"):
        return _refused(token, (("workflows", "write"),))
    if _on_issue(call, below) and not token.grants("issues", "write"):
        return _refused(token, (("issues", "write"),))
    return None


def _touches_workflows(call: Call, below: str) -> bool:
    """Writing a workflow file, alone or in a tree; pushes are looked at by the git side."""
    if below == "/contents/{path}":
        return urllib.parse.unquote(call.path).partition("/contents/")[2].startswith(WORKFLOW_FILES)
    rows = _field(call, "tree") if below == "/git/trees" else None
    return isinstance(rows, list) and any(
        isinstance(row, dict) and str(row.get("path", "")).startswith(WORKFLOW_FILES) for row in rows
    )


def _on_issue(call: Call, below: str) -> bool:
    """Whether a shared issue endpoint is used on a plain issue, where `pull_requests` does not count."""
    if not below.startswith("/issues/"):
        return False
    first, _, rest = call.path.partition("/issues/")[2].partition("/")
    if first.isdigit():
        issue = call.repo.issues.get(int(first))
        return issue is not None and issue.pull is None
    wanted = rest.split("/")[0]
    plain = [one for one in call.repo.issues.values() if one.pull is None]
    return any(str(comment.id) == wanted for one in plain for comment in one.comments)


def _field(call: Call, name: str) -> Any:
    return call.body.get(name) if isinstance(call.body, dict) else None

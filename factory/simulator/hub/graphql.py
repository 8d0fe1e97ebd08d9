"""What REST lacks: a pull request out of draft and back into it, threads and their resolving. Nothing else."""

import re
from typing import Any

from factory.simulator.hub import threads
from factory.simulator.hub.nouns import Issue, Repository
from factory.simulator.hub.pulls import set_draft
from factory.simulator.hub.routes import Call, Reply, route
from factory.simulator.hub.state import Hub

_MUTATIONS = {"markPullRequestReadyForReview": False, "convertPullRequestToDraft": True}


@route("POST", "/graphql")
def graphql(hub: Hub, call: Call) -> Reply:
    """Errors come with status 200, as GraphQL has it."""
    query = str(call.body.get("query", ""))
    if re.search(r"\bresolveReviewThread\b", query):
        return _resolve(hub, call, query)
    if re.search(r"\breviewThreads\b", query):
        return _threads(hub, call)
    name = next((each for each in _MUTATIONS if re.search(rf"\b{each}\b", query)), "")
    if not name:
        return _error("undefinedField", f"This double only knows {' and '.join(_MUTATIONS)}.")
    node = _node(query, call.body.get("variables") or {})
    found = _find(hub, node)
    if not found:
        return _error("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")
    call.found, issue = found
    if not hub.may(call.token, call.found, "metadata", "read"):
        return _error("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")
    if not hub.may(call.token, call.found, "pull_requests", "write"):
        kind = "integration" if call.token and call.token.kind != "pat" else "personal access token"
        return _error("FORBIDDEN", f"Resource not accessible by {kind}")
    done = set_draft(hub, call, issue, _MUTATIONS[name])
    return 200, {"data": {name: {"clientMutationId": None, "pullRequest": done}}}


def _threads(hub: Hub, call: Call) -> Reply:
    """Threads of one pull request, for whoever may read it."""
    told = call.body.get("variables") or {}
    found = hub.repos.get(f"{told.get('owner')}/{told.get('name')}".lower())
    issue = found.issues.get(int(told.get("number") or 0)) if found else None
    if not found or not issue or not issue.pull or not hub.may(call.token, found, "pull_requests", "read"):
        return _error("NOT_FOUND", "Could not resolve to a PullRequest with that number.")
    call.found = found
    page = threads.page(issue.pull, str(told.get("after") or ""))
    return 200, {"data": {"repository": {"pullRequest": {"reviewThreads": page}}}}


def _resolve(hub: Hub, call: Call, query: str) -> Reply:
    """GitHub wants contents: write for it, beside pull requests (community discussion 44650)."""
    node = str((call.body.get("variables") or {}).get("id", ""))
    found = threads.find(hub, node)
    if not found or not hub.may(call.token, found[0], "metadata", "read"):
        return _error("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")
    call.found, _, note = found
    if not all(hub.may(call.token, call.found, each, "write") for each in ("pull_requests", "contents")):
        kind = "integration" if call.token and call.token.kind != "pat" else "personal access token"
        return _error("FORBIDDEN", f"Resource not accessible by {kind}")
    note.resolved_by = note.resolved_by or call.login
    thread = {"id": node, "isResolved": True}
    return 200, {"data": {"resolveReviewThread": {"clientMutationId": None, "thread": thread}}}


def _node(query: str, variables: dict[str, Any]) -> str:
    """`pullRequestId` of the variables (directly or in `input`) or written into the query."""
    for place in (variables, *(each for each in variables.values() if isinstance(each, dict))):
        if isinstance(place.get("pullRequestId"), str):
            return str(place["pullRequestId"])
    written = re.search(r'pullRequestId\s*:\s*(?:"([^"]*)"|\$(\w+))', query)
    if not written:
        return ""
    return written[1] or str(variables.get(written[2] or "", ""))


def _find(hub: Hub, node: str) -> tuple[Repository, Issue] | None:
    for repo in hub.repos.values():
        for issue in repo.issues.values():
            if issue.pull and issue.node_id == node:
                return repo, issue
    return None


def _error(kind: str, message: str) -> Reply:
    return 200, {"data": None, "errors": [{"type": kind, "message": message}]}

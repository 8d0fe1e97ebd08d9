"""Every request the factory can make of GitHub. What is not here cannot be sent: nothing merges, approves, dismisses
or changes a rule."""

from urllib.parse import quote

from factory.contracts.errors import Refusal
from factory.contracts.record import Json

_R = "/repos/{repo}"
_I = _R + "/issues"
_P = _R + "/pulls"
_A = _R + "/actions"

ALLOWED: frozenset[tuple[str, str]] = frozenset({
    ("GET", "/user"),
    ("GET", _R),
    ("GET", _R + "/collaborators/{login}/permission"),
    ("GET", _R + "/git/ref/heads/{branch}"),
    ("GET", _R + "/{rest}"),  # `doctor` reads settings; reading changes nothing
    ("GET", _I),
    ("GET", _I + "/{number}"),
    ("GET", _I + "/{number}/comments"),
    ("GET", _I + "/{number}/labels"),
    ("GET", _I + "/comments/{comment}"),
    ("POST", _I),
    ("PATCH", _I + "/{number}"),
    ("POST", _I + "/{number}/comments"),
    ("PATCH", _I + "/comments/{comment}"),
    ("POST", _I + "/{number}/labels"),
    ("DELETE", _I + "/{number}/labels/{name}"),
    ("POST", _I + "/{number}/assignees"),
    ("POST", _I + "/{number}/reactions"),
    ("POST", _I + "/comments/{comment}/reactions"),
    ("GET", _R + "/labels/{name}"),
    ("POST", _R + "/labels"),
    ("GET", _P),
    ("GET", _P + "/{number}"),
    ("GET", _P + "/{number}/reviews"),
    ("GET", _P + "/{number}/comments"),
    ("POST", _P),
    ("PATCH", _P + "/{number}"),
    ("POST", _P + "/{number}/reviews"),
    ("POST", _P + "/{number}/comments/{comment}/replies"),
    ("POST", _P + "/comments/{comment}/reactions"),
    ("GET", _R + "/commits/{commit}/check-runs"),
    ("GET", _R + "/commits/{commit}/statuses"),
    ("GET", _R + "/check-runs/{check}/annotations"),
    ("POST", _R + "/check-runs"),
    ("PATCH", _R + "/check-runs/{check}"),
    ("POST", _R + "/code-scanning/sarifs"),
    ("GET", _A + "/runs"),
    ("GET", _A + "/runs/{run}"),
    ("GET", _A + "/runs/{run}/jobs"),
    ("POST", _A + "/runs/{run}/cancel"),
    ("POST", _A + "/runs/{run}/rerun"),
    ("POST", _A + "/runs/{run}/rerun-failed-jobs"),
    ("GET", _A + "/jobs/{job}/logs"),
    ("GET", _A + "/workflows/{workflow}/runs"),
    ("POST", _A + "/workflows/{workflow}/dispatches"),
    ("GET", _A + "/artifacts/{artifact}"),
    ("GET", _A + "/artifacts/{artifact}/zip"),
    ("POST", _R + "/dispatches"),
    ("POST", "/graphql"),
    # as the App itself, to get a token
    ("GET", _R + "/installation"),
    ("POST", "/app/installations/{installation}/access_tokens"),
})  # fmt: skip

MUTATIONS = {
    draft: f"mutation($id: ID!) {{ {name}(input: {{pullRequestId: $id}}) {{ pullRequest {{ id isDraft }} }} }}"
    for draft, name in ((True, "convertPullRequestToDraft"), (False, "markPullRequestReadyForReview"))
}
"""REST cannot change a pull request's draft state."""

RESOLVE = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id isResolved } } }"
THREADS = (
    "query($owner: String!, $name: String!, $number: Int!, $after: String) { repository(owner: $owner, name: $name) { "
    "pullRequest(number: $number) { reviewThreads(first: 50, after: $after) { pageInfo { hasNextPage endCursor } "
    "nodes { id isResolved comments(first: 1) { nodes { databaseId } } } } } } }"
)
"""REST knows neither threads nor whether they are resolved."""

GRAPHQL = frozenset({*MUTATIONS.values(), RESOLVE, THREADS})
"""All that GraphQL is ever asked."""


def check(verb: str, template: str, body: Json | None) -> None:
    """Raises Refusal('not_allowed')."""
    if (verb, template) not in ALLOWED:
        raise Refusal("not_allowed", f"The factory does not send {verb} {template} to GitHub.")
    if template == "/graphql" and (body or {}).get("query") not in GRAPHQL:
        raise Refusal("not_allowed", "The factory asks GraphQL only about draft states and threads of pull requests.")
    if (verb, template) == ("POST", f"{_P}/{{number}}/reviews") and (body or {}).get("event") != "COMMENT":
        raise Refusal("not_allowed", "The factory's reviews comment; they approve nothing and request nothing.")


def path_of(template: str, repo: str, **values: str | int) -> str:
    """The template with its values, each quoted so that it stays in its place."""
    for name, value in values.items():
        text = str(value)
        keep = "/" if name in ("branch", "rest") else ""
        if not text or any(part in ("", ".", "..") for part in text.split("/")):
            raise Refusal("not_allowed", f"{text!r} cannot stand in the address {template}.")
        values[name] = quote(text, safe=keep)
    return template.format(repo=repo, **values)

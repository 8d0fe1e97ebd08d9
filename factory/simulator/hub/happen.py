"""What the double tells the world after a change to an issue or pull request."""

from typing import TYPE_CHECKING, Any

from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Issue, Repository
from factory.simulator.hub.pull_views import half, whole_pull
from factory.simulator.hub.routes import Call
from factory.simulator.hub.views import issue_view

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

Json = dict[str, Any]


def touched(hub: "Hub", call: Call | None, repo: Repository, issue: Issue, action: str, **more: Any) -> None:
    """`issues` or `pull_request`, whichever it is; changes its `updated`."""
    issue.updated = hub.now()
    if not issue.pull:
        hub.emit(call, repo, "issues", {"action": action, "issue": issue_view(hub, repo, issue), **more})
        return
    payload = {"action": action, "number": issue.number, "pull_request": whole_pull(hub, repo, issue), **more}
    hub.emit(call, repo, "pull_request", payload, *merge_ref(repo, issue))


def merge_ref(repo: Repository, issue: Issue) -> tuple[str, str]:
    """Ref and commit that a pull request's workflows run on."""
    ref = f"refs/pull/{issue.number}/merge"
    return ref, bare.resolve(repo.folder, ref) or half(issue).head_sha


def close(hub: "Hub", call: Call | None, repo: Repository, issue: Issue, reason: str = "completed") -> None:
    issue.state, issue.closed = "closed", hub.now()
    issue.reason = "" if issue.pull else reason
    issue.closed_by = call.login if call else ""
    if issue.pull and bare.resolve(repo.folder, f"refs/pull/{issue.number}/merge"):
        bare.set_ref(repo.folder, f"refs/pull/{issue.number}/merge", "")
    touched(hub, call, repo, issue, "closed")


def reopen(hub: "Hub", call: Call | None, repo: Repository, issue: Issue) -> None:
    issue.state, issue.closed, issue.closed_by = "open", "", ""
    issue.reason = "" if issue.pull else "reopened"
    if issue.pull:
        refresh(hub, repo, issue)
    touched(hub, call, repo, issue, "reopened")


def refresh(hub: "Hub", repo: Repository, issue: Issue) -> None:
    """refs/pull/N/head and, when it merges cleanly, refs/pull/N/merge."""
    pull, ref = half(issue), f"refs/pull/{issue.number}"
    bare.set_ref(repo.folder, f"{ref}/head", pull.head_sha)
    base = bare.branch(repo.folder, pull.base)
    tree = bare.merged_tree(repo.folder, base, pull.head_sha) if base else ""
    if tree:
        words = f"Merge {pull.head_sha} into {base}"
        merge = bare.commit_tree(
            repo.folder, tree, (base, pull.head_sha), words, hub.now(), ("GitHub", "noreply@github.com")
        )
        bare.set_ref(repo.folder, f"{ref}/merge", merge)
        pull.merge_commit = merge
    elif bare.resolve(repo.folder, f"{ref}/merge"):
        bare.set_ref(repo.folder, f"{ref}/merge", "")
        pull.merge_commit = ""

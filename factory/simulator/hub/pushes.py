"""What moves when refs move: push, create and delete events, pull requests that follow, close or are merged."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from factory.simulator.hub import bare, happen, threads
from factory.simulator.hub.nouns import Issue, Repository, Token
from factory.simulator.hub.pull_views import half
from factory.simulator.hub.routes import Call
from factory.simulator.hub.views import page_url, repository_view

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

MOST_COMMITS = 20  # that a push event lists with their files


def after(hub: "Hub", repo: Repository, before: Mapping[str, str], token: Token | None) -> None:
    """Call when git itself may have moved refs (a push): compares with what there was."""
    call = Call("PUSH", f"/{repo.full_name}.git", {}, {}, b"", token=token, found=repo)
    now = bare.refs(repo.folder, "refs/")
    for ref in sorted({*before, *now}):
        old, new = before.get(ref, ""), now.get(ref, "")
        if old != new and ref.startswith(("refs/heads/", "refs/tags/")):
            moved(hub, call, repo, ref, old, new)


def moved(hub: "Hub", call: Call | None, repo: Repository, ref: str, old: str, new: str) -> None:
    """A ref has moved from `old` to `new` ("" = not there)."""
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    short = ref.split("/", 2)[2]
    facts = {"ref": short, "ref_type": kind, "pusher_type": "user"}
    if new:
        hub.emit(call, repo, "push", _push(hub, call, repo, ref, old, new), ref, new)
    if not old:
        more = {"master_branch": repo.default_branch, "description": None}
        hub.emit(call, repo, "create", {**facts, **more}, ref, new)
    if not new:
        hub.emit(call, repo, "delete", facts)
    if kind == "branch":
        for issue in list(repo.issues.values()):
            if issue.pull and issue.state == "open":
                _follow(hub, call, repo, issue, short, new)


def _follow(hub: "Hub", call: Call | None, repo: Repository, issue: Issue, branch: str, new: str) -> None:
    pull = half(issue)
    if branch == pull.head and pull.head_repo == repo.full_name:
        if not new:
            happen.close(hub, call, repo, issue)
            return
        before, pull.head_sha = pull.head_sha, new
        threads.follow(repo, pull, before)
        pull.base_sha = bare.branch(repo.folder, pull.base) or pull.base_sha
        happen.refresh(hub, repo, issue)
        happen.touched(hub, call, repo, issue, "synchronize", before=before, after=new)
    elif branch == pull.base:
        if not new:
            happen.close(hub, call, repo, issue)
        elif bare.is_ancestor(repo.folder, pull.head_sha, new):
            merged(hub, call, repo, issue, new)
        else:
            happen.refresh(hub, repo, issue)


def merged(hub: "Hub", call: Call | None, repo: Repository, issue: Issue, commit: str) -> None:
    pull = half(issue)
    pull.merged, pull.merged_by, pull.merge_commit = hub.now(), call.login if call else repo.owner, commit
    happen.close(hub, call, repo, issue)


def _push(hub: "Hub", call: Call | None, repo: Repository, ref: str, old: str, new: str) -> dict[str, Any]:
    base = old or bare.branch(repo.folder, repo.default_branch)
    span = [new, f"^{base}"] if base and base != new else [new, "-1"]
    commits = [_commit(hub, repo, each) for each in reversed(bare.log(repo.folder, *span, most=MOST_COMMITS))]
    login = call.login if call else repo.owner
    return {
        "ref": ref, "before": old or bare.NONE, "after": new, "created": not old, "deleted": False,
        "forced": bool(old) and not bare.is_ancestor(repo.folder, old, new), "base_ref": None,
        "compare": f"{page_url(hub, repo)}/compare/{(old or new)[:12]}...{new[:12]}",
        "commits": commits, "head_commit": commits[-1] if commits else None,
        "pusher": {"name": login, "email": f"{login}@users.noreply.github.com"}, "repository": _older(hub, repo),
    }  # fmt: skip


def _older(hub: "Hub", repo: Repository) -> dict[str, Any]:
    """A push has the repository in a shape of its own: times as numbers, an owner with a name."""
    view, born = repository_view(hub, repo), int(datetime.fromisoformat(repo.created).timestamp())
    owner = {**view["owner"], "name": repo.owner, "email": f"{repo.owner}@users.noreply.github.com"}
    more = {"stargazers": 0, "master_branch": repo.default_branch}
    return {**view, "owner": owner, "created_at": born, "pushed_at": int(hub.epoch()), **more}


def _commit(hub: "Hub", repo: Repository, commit: bare.Commit) -> dict[str, Any]:
    files = bare.changed(repo.folder, commit.parents[0], commit.sha) if commit.parents else []
    name, email, when = commit.author

    def paths(*kinds: str) -> list[str]:
        return [each.path for each in files if each.status in kinds]

    return {
        "id": commit.sha, "tree_id": commit.tree, "distinct": True, "message": commit.message, "timestamp": when,
        "url": f"{page_url(hub, repo)}/commit/{commit.sha}", "author": {"name": name, "email": email},
        "committer": {"name": commit.committer[0], "email": commit.committer[1]}, "added": paths("added"),
        "removed": paths("removed"), "modified": paths("modified", "renamed"),
    }  # fmt: skip

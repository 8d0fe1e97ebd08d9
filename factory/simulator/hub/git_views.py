"""Shapes of GitHub's answers about commits, refs and branches."""

from typing import TYPE_CHECKING, Any

from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Repository
from factory.simulator.hub.views import page_url, repo_url

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

Json = dict[str, Any]
UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def _person(who: tuple[str, str, str]) -> Json:
    return {"name": who[0], "email": who[1], "date": who[2]}


def commit_view(hub: "Hub", repo: Repository, commit: bare.Commit) -> Json:
    """As /commits has it. The accounts behind author and committer are not looked up: null."""
    api, url = repo_url(hub, repo), f"{repo_url(hub, repo)}/commits/{commit.sha}"
    return {
        "url": url, "sha": commit.sha, "node_id": f"C_{commit.sha}", "comments_url": f"{url}/comments",
        "html_url": f"{page_url(hub, repo)}/commit/{commit.sha}",
        "commit": {
            "url": f"{api}/git/commits/{commit.sha}", "author": _person(commit.author),
            "committer": _person(commit.committer), "message": commit.message, "comment_count": 0,
            "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"}, "verification": UNSIGNED,
        },
        "author": None, "committer": None,
        "parents": [{"sha": each, "url": f"{api}/commits/{each}",
                     "html_url": f"{page_url(hub, repo)}/commit/{each}"} for each in commit.parents],
    }  # fmt: skip


def git_commit_view(hub: "Hub", repo: Repository, commit: bare.Commit) -> Json:
    """As /git/commits has it."""
    api, page = f"{repo_url(hub, repo)}/git", f"{page_url(hub, repo)}/commit"
    return {
        "sha": commit.sha, "node_id": f"C_{commit.sha}", "url": f"{api}/commits/{commit.sha}",
        "html_url": f"{page}/{commit.sha}", "author": _person(commit.author), "committer": _person(commit.committer),
        "tree": {"sha": commit.tree, "url": f"{api}/trees/{commit.tree}"}, "message": commit.message,
        "parents": [{"sha": each, "url": f"{api}/commits/{each}", "html_url": f"{page}/{each}"}
                    for each in commit.parents],
        "verification": UNSIGNED,
    }  # fmt: skip


def ref_view(hub: "Hub", repo: Repository, ref: str, sha: str) -> Json:
    api = f"{repo_url(hub, repo)}/git"
    kind = bare.text(repo.folder, "cat-file", "-t", sha)
    return {"ref": ref, "node_id": f"REF_{ref}", "url": f"{api}/{ref}",
            "object": {"sha": sha, "type": kind, "url": f"{api}/{kind}s/{sha}"}}  # fmt: skip


def branch_view(hub: "Hub", repo: Repository, name: str, sha: str) -> Json:
    """As lists have it."""
    api = repo_url(hub, repo)
    return {
        "name": name, "commit": {"sha": sha, "url": f"{api}/commits/{sha}"}, "protected": name in repo.protected,
    }  # fmt: skip


def whole_branch(hub: "Hub", repo: Repository, name: str, sha: str) -> Json:
    url = f"{repo_url(hub, repo)}/branches/{name}"
    shielded = name in repo.protected
    checks = {"enforcement_level": "off", "contexts": [], "checks": []}
    return {
        "name": name, "commit": commit_view(hub, repo, bare.log(repo.folder, sha, most=1)[0]),
        "_links": {"self": url, "html": f"{page_url(hub, repo)}/tree/{name}"}, "protected": shielded,
        "protection": {"enabled": shielded, "required_status_checks": checks}, "protection_url": f"{url}/protection",
    }  # fmt: skip

"""Shapes of GitHub's answers about pull requests, their reviews and the comments on their lines."""

from typing import TYPE_CHECKING, Any

from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Issue, Pull, Repository, Review, ReviewComment
from factory.simulator.hub.views import (
    association,
    issue_page,
    labels_view,
    people,
    repo_url,
    repository_view,
    rollup,
    user_view,
)

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

Json = dict[str, Any]


def half(issue: Issue) -> Pull:
    """The pull request's half; callers have checked that there is one."""
    assert issue.pull is not None
    return issue.pull


def _side(hub: "Hub", repo: Repository, full_name: str, ref: str, sha: str) -> Json:
    home = hub.repos.get(full_name.lower())
    owner = full_name.partition("/")[0]
    return {
        "label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": user_view(hub, owner),
        "repo": repository_view(hub, home) if home else None,
    }  # fmt: skip


def pull_view(hub: "Hub", repo: Repository, issue: Issue) -> Json:
    """As lists and events have it; `whole_pull` adds what needs git."""
    pull, page = half(issue), issue_page(hub, repo, issue)
    api, issues = f"{repo_url(hub, repo)}/pulls/{issue.number}", f"{repo_url(hub, repo)}/issues/{issue.number}"
    statuses = f"{repo_url(hub, repo)}/statuses/{pull.head_sha}"
    links = {
        "self": api, "html": page, "issue": issues, "comments": f"{issues}/comments",
        "review_comments": f"{api}/comments", "review_comment": f"{repo_url(hub, repo)}/pulls/comments{{/number}}",
        "commits": f"{api}/commits", "statuses": statuses,
    }  # fmt: skip
    return {
        "url": api, "id": issue.id, "node_id": issue.node_id, "html_url": page, "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch", "issue_url": issues, "number": issue.number, "state": issue.state,
        "locked": issue.locked, "title": issue.title, "user": user_view(hub, issue.author), "body": issue.body or None,
        "created_at": issue.created, "updated_at": issue.updated, "closed_at": issue.closed or None,
        "merged_at": pull.merged or None, "merge_commit_sha": pull.merge_commit or None,
        **people(hub, issue.assignees), "requested_reviewers": [user_view(hub, each) for each in pull.reviewers],
        "requested_teams": [], "labels": labels_view(hub, repo, issue), "milestone": None, "draft": pull.draft,
        "commits_url": f"{api}/commits", "review_comments_url": f"{api}/comments",
        "review_comment_url": links["review_comment"], "comments_url": f"{issues}/comments", "statuses_url": statuses,
        "head": _side(hub, repo, pull.head_repo, pull.head, pull.head_sha),
        "base": _side(hub, repo, repo.full_name, pull.base, pull.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": association(hub, repo, issue.author), "auto_merge": None, "active_lock_reason": None,
    }  # fmt: skip


def whole_pull(hub: "Hub", repo: Repository, issue: Issue) -> Json:
    pull = half(issue)
    files = bare.changed(repo.folder, *span(repo, pull))
    commits = int(bare.text(repo.folder, "rev-list", "--count", pull.head_sha, f"^{span(repo, pull)[0]}"))
    clean = bool(bare.resolve(repo.folder, f"refs/pull/{issue.number}/merge"))
    return {
        **pull_view(hub, repo, issue), "merged": bool(pull.merged),
        "mergeable": clean if issue.state == "open" else None, "rebaseable": clean,
        "mergeable_state": "draft" if pull.draft else "clean" if clean else "dirty",
        "merged_by": user_view(hub, pull.merged_by) if pull.merged_by else None, "comments": len(issue.comments),
        "review_comments": len(pull.notes), "maintainer_can_modify": False, "commits": commits,
        "additions": sum(each.added for each in files), "deletions": sum(each.deleted for each in files),
        "changed_files": len(files),
    }  # fmt: skip


def span(repo: Repository, pull: Pull) -> tuple[str, str]:
    """The two commits whose difference a pull request shows: where it left its base, and its head."""
    base = pull.base_sha if pull.merged else bare.branch(repo.folder, pull.base) or pull.base_sha
    return bare.fork_point(repo.folder, base, pull.head_sha) or base, pull.head_sha


def review_view(hub: "Hub", repo: Repository, issue: Issue, review: Review) -> Json:
    api, page = f"{repo_url(hub, repo)}/pulls/{issue.number}", issue_page(hub, repo, issue)
    html = f"{page}#pullrequestreview-{review.id}"
    return {
        "id": review.id, "node_id": f"PRR_{review.id}", "user": user_view(hub, review.author), "body": review.body,
        "state": review.state, "html_url": html, "pull_request_url": api, "submitted_at": review.submitted,
        "author_association": association(hub, repo, review.author), "commit_id": review.commit,
        "_links": {"html": {"href": html}, "pull_request": {"href": api}},
    }  # fmt: skip


def note_view(hub: "Hub", repo: Repository, note: ReviewComment) -> Json:
    pulls, page = f"{repo_url(hub, repo)}/pulls", issue_page(hub, repo, repo.issues[note.issue])
    url, html = f"{pulls}/comments/{note.id}", f"{page}#discussion_r{note.id}"
    body = {
        "url": url, "pull_request_review_id": note.review, "id": note.id, "node_id": f"PRRC_{note.id}",
        "diff_hunk": note.hunk, "path": note.path, "commit_id": note.commit,
        "original_commit_id": note.original_commit, "user": user_view(hub, note.author), "body": note.body,
        "created_at": note.created, "updated_at": note.updated, "html_url": html,
        "pull_request_url": f"{pulls}/{note.issue}", "author_association": association(hub, repo, note.author),
        "_links": {"self": {"href": url}, "html": {"href": html}, "pull_request": {"href": f"{pulls}/{note.issue}"}},
        "reactions": rollup(url, note.reactions), "start_line": note.start or None,
        "original_start_line": note.original_start or note.start or None, "start_side": note.start_side or None,
        "line": note.line or None, "original_line": note.original_line or note.line, "side": note.side,
        "subject_type": "line", "position": note.position or None, "original_position": note.position or 1,
    }  # fmt: skip
    return body | {"in_reply_to_id": note.reply_to} if note.reply_to else body


def file_view(hub: "Hub", repo: Repository, change: bare.Changed, commit: str, patches: dict[str, str]) -> Json:
    end = f"{commit}/{change.path}"
    body = {
        "sha": change.blob, "filename": change.path, "status": change.status, "additions": change.added,
        "deletions": change.deleted, "changes": change.added + change.deleted,
        "blob_url": f"{hub.server_url}/{repo.full_name}/blob/{end}",
        "raw_url": f"{hub.server_url}/{repo.full_name}/raw/{end}",
        "contents_url": f"{repo_url(hub, repo)}/contents/{change.path}?ref={commit}",
    }  # fmt: skip
    patch = patches.get(change.path, "")
    if patch:
        body["patch"] = patch
    return body | {"previous_filename": change.before} if change.before else body

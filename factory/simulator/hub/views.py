"""Shapes of GitHub's answers, as its REST description has them: people, repositories, issues, comments, labels."""

from typing import TYPE_CHECKING, Any

from factory.simulator.hub.nouns import Comment, Issue, Label, Reaction, Repository, User

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

Json = dict[str, Any]
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")
_USER_LINKS = {
    "followers_url": "followers", "following_url": "following{/other_user}", "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}", "subscriptions_url": "subscriptions", "organizations_url": "orgs",
    "repos_url": "repos", "events_url": "events{/privacy}", "received_events_url": "received_events",
}  # fmt: skip
_REPOSITORY_LINKS = {
    "archive_url": "{archive_format}{/ref}", "assignees_url": "assignees{/user}", "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}", "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}", "commits_url": "commits{/sha}", "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}", "contributors_url": "contributors", "deployments_url": "deployments",
    "downloads_url": "downloads", "events_url": "events", "forks_url": "forks", "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}", "git_tags_url": "git/tags{/sha}", "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}", "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}", "keys_url": "keys{/key_id}", "labels_url": "labels{/name}",
    "languages_url": "languages", "merges_url": "merges", "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}", "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}", "stargazers_url": "stargazers", "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers", "subscription_url": "subscription", "tags_url": "tags", "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}  # fmt: skip


def user_view(hub: "Hub", login: str) -> Json:
    user = hub.users.get(login.lower()) or User("ghost", 10137)
    api, page = f"{hub.url}/users/{user.login}", f"{hub.server_url}/{user.login}"
    return {
        "login": user.login, "id": user.id, "node_id": user.node_id, "avatar_url": f"{page}.png", "gravatar_id": "",
        "url": api, "html_url": page, **{name: f"{api}/{end}" for name, end in _USER_LINKS.items()},
        "type": user.kind, "user_view_type": "public", "site_admin": False,
    }  # fmt: skip


def repo_url(hub: "Hub", repo: Repository) -> str:
    return f"{hub.url}/repos/{repo.full_name}"


def page_url(hub: "Hub", repo: Repository) -> str:
    return f"{hub.server_url}/{repo.full_name}"


def repository_view(hub: "Hub", repo: Repository) -> Json:
    api, page = repo_url(hub, repo), page_url(hub, repo)
    count = sum(each.state == "open" for each in repo.issues.values())
    return {
        "id": repo.id, "node_id": f"R_{repo.id}", "name": repo.name, "full_name": repo.full_name,
        "private": repo.private, "owner": user_view(hub, repo.owner), "html_url": page, "description": None,
        "fork": False, "url": api, **{name: f"{api}/{end}" for name, end in _REPOSITORY_LINKS.items()},
        "clone_url": f"{page}.git", "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@localhost:{repo.full_name}.git",
        "svn_url": page, "mirror_url": None, "homepage": None, "language": None, "license": None,
        "created_at": repo.created, "updated_at": repo.created, "pushed_at": repo.created, "size": 0,
        "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "network_count": 0,
        "subscribers_count": 0, "open_issues": count, "open_issues_count": count, "has_issues": True,
        "has_projects": False, "has_wiki": False, "has_pages": False, "has_discussions": False, "has_downloads": False,
        "archived": False, "disabled": False, "allow_forking": True, "is_template": False,
        "web_commit_signoff_required": False, "custom_properties": {}, "topics": [],
        "default_branch": repo.default_branch,
        "visibility": "private" if repo.private else "public",
    }  # fmt: skip


def permissions_view(hub: "Hub", repo: Repository, login: str) -> dict[str, bool]:
    rank = hub.rank(repo, login)
    return {name: rank >= need for name, need in
            (("pull", 1), ("triage", 2), ("push", 3), ("maintain", 4), ("admin", 5))}  # fmt: skip


def association(hub: "Hub", repo: Repository, login: str) -> str:
    if login.lower() == repo.owner.lower():
        return "OWNER"
    return "COLLABORATOR" if login.lower() in repo.roles else "NONE"


def label_view(hub: "Hub", repo: Repository, label: Label) -> Json:
    return {
        "id": label.id, "node_id": f"LA_{label.id}", "url": f"{repo_url(hub, repo)}/labels/{label.name}",
        "name": label.name, "color": label.color, "default": False, "description": label.description or None,
    }  # fmt: skip


def reaction_view(hub: "Hub", reaction: Reaction) -> Json:
    return {
        "id": reaction.id, "node_id": f"REA_{reaction.id}", "user": user_view(hub, reaction.author),
        "content": reaction.content, "created_at": reaction.created,
    }  # fmt: skip


def rollup(url: str, reactions: list[Reaction]) -> Json:
    given = [each.content for each in reactions]
    return {"url": f"{url}/reactions", "total_count": len(given), **{name: given.count(name) for name in REACTIONS}}


def comment_view(hub: "Hub", repo: Repository, comment: Comment) -> Json:
    api = f"{repo_url(hub, repo)}/issues"
    issue = repo.issues[comment.issue]
    url = f"{api}/comments/{comment.id}"
    return {
        "url": url, "html_url": f"{issue_page(hub, repo, issue)}#issuecomment-{comment.id}",
        "issue_url": f"{api}/{comment.issue}", "id": comment.id, "node_id": f"IC_{comment.id}",
        "user": user_view(hub, comment.author), "created_at": comment.created, "updated_at": comment.updated,
        "author_association": association(hub, repo, comment.author), "body": comment.body,
        "reactions": rollup(url, comment.reactions), "performed_via_github_app": None,
    }  # fmt: skip


def issue_page(hub: "Hub", repo: Repository, issue: Issue) -> str:
    return f"{page_url(hub, repo)}/{'pull' if issue.pull else 'issues'}/{issue.number}"


def people(hub: "Hub", logins: list[str]) -> Json:
    """`assignee` and `assignees`, as issues and pull requests have them."""
    found = [user_view(hub, login) for login in logins]
    return {"assignee": found[0] if found else None, "assignees": found}


def labels_view(hub: "Hub", repo: Repository, issue: Issue) -> list[Json]:
    return [label_view(hub, repo, repo.labels[name.lower()]) for name in issue.labels]


def issue_view(hub: "Hub", repo: Repository, issue: Issue) -> Json:
    url, page = f"{repo_url(hub, repo)}/issues/{issue.number}", issue_page(hub, repo, issue)
    body: Json = {
        "url": url, "repository_url": repo_url(hub, repo), "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments", "events_url": f"{url}/events", "html_url": page, "id": issue.id,
        "node_id": issue.node_id, "number": issue.number, "title": issue.title, "user": user_view(hub, issue.author),
        "labels": labels_view(hub, repo, issue), "state": issue.state, "locked": issue.locked,
        **people(hub, issue.assignees), "milestone": None, "comments": len(issue.comments),
        "created_at": issue.created, "updated_at": issue.updated, "closed_at": issue.closed or None,
        "author_association": association(hub, repo, issue.author), "active_lock_reason": None,
        "body": issue.body or None, "closed_by": user_view(hub, issue.closed_by) if issue.closed_by else None,
        "reactions": rollup(url, issue.reactions), "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None, "state_reason": issue.reason or None,
    }  # fmt: skip
    if issue.pull:
        links = {"url": f"{repo_url(hub, repo)}/pulls/{issue.number}", "html_url": page, "diff_url": f"{page}.diff",
                 "patch_url": f"{page}.patch", "merged_at": issue.pull.merged or None}  # fmt: skip
        body |= {"draft": issue.pull.draft, "pull_request": links}
    return body

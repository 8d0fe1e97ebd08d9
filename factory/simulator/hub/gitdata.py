"""Handlers: refs, branches, commits, comparisons, and files by their path."""

import base64
from typing import Any

from factory.contracts.errors import GitProblem
from factory.simulator.hub import bare, lines, pushes
from factory.simulator.hub.git_views import branch_view, commit_view, git_commit_view, ref_view, whole_branch
from factory.simulator.hub.nouns import RANK, Repository
from factory.simulator.hub.pull_views import file_view
from factory.simulator.hub.routes import Answer, Call, Refused, Reply, paged, route
from factory.simulator.hub.state import Hub
from factory.simulator.hub.texts import need_role
from factory.simulator.hub.views import page_url, repo_url

_READ, _WRITE = ("contents", "read"), ("contents", "write")
_REPO = "/repos/{owner}/{repo}"


@route("GET", f"{_REPO}/branches", permission=_READ)
def list_branches(hub: Hub, call: Call) -> Reply:
    found = sorted(bare.refs(call.repo.folder, "refs/heads/").items())
    return paged(hub, call, found, lambda each: branch_view(hub, call.repo, each[0][11:], each[1]))


@route("GET", f"{_REPO}/branches/{{branch...}}", permission=_READ)
def get_branch(hub: Hub, call: Call) -> Reply:
    name = call.params["branch"]
    sha = bare.branch(call.repo.folder, name)
    if not sha:
        raise Refused(404, "Branch not found")
    return 200, whole_branch(hub, call.repo, name, sha)


@route("GET", f"{_REPO}/git/ref/{{ref...}}", permission=_READ)
def get_ref(hub: Hub, call: Call) -> Reply:
    ref = f"refs/{call.params['ref']}"
    found = bare.refs(call.repo.folder, ref).get(ref)
    if not found:
        raise Refused(404, "Not Found")
    return 200, ref_view(hub, call.repo, ref, found)


@route("GET", f"{_REPO}/git/matching-refs/{{ref...}}", permission=_READ)
def matching_refs(hub: Hub, call: Call) -> Reply:
    start = f"refs/{call.params['ref']}"
    found = [each for each in sorted(bare.refs(call.repo.folder, "refs/").items()) if each[0].startswith(start)]
    return paged(hub, call, found, lambda each: ref_view(hub, call.repo, *each))


@route("POST", f"{_REPO}/git/refs", permission=_WRITE)
def create_ref(hub: Hub, call: Call) -> Reply:
    repo, ref, sha = call.repo, str(call.body.get("ref", "")), str(call.body.get("sha", ""))
    need_role(hub, call, repo, "write")
    if not ref.startswith("refs/") or ref.count("/") < 2 or not bare.valid_ref(repo.folder, ref):
        raise Refused(422, "Reference name must start with 'refs' and have at least two slashes.")
    if bare.resolve(repo.folder, sha) != sha:
        raise Refused(422, "Object does not exist")
    if ref in bare.refs(repo.folder, ref):
        raise Refused(422, "Reference already exists")
    bare.set_ref(repo.folder, ref, sha, "")
    pushes.moved(hub, call, repo, ref, "", sha)
    return 201, ref_view(hub, repo, ref, sha)


@route("PATCH", f"{_REPO}/git/refs/{{ref...}}", permission=_WRITE)
def move_ref(hub: Hub, call: Call) -> Reply:
    repo, ref, old = _movable(hub, call)
    sha = str(call.body.get("sha", ""))
    if bare.resolve(repo.folder, sha) != sha:
        raise Refused(422, "Object does not exist")
    if not call.body.get("force") and not bare.is_ancestor(repo.folder, old, sha):
        raise Refused(422, "Update is not a fast forward")
    bare.set_ref(repo.folder, ref, sha, old)
    if old != sha:
        pushes.moved(hub, call, repo, ref, old, sha)
    return 200, ref_view(hub, repo, ref, sha)


@route("DELETE", f"{_REPO}/git/refs/{{ref...}}", permission=_WRITE)
def delete_ref(hub: Hub, call: Call) -> Reply:
    repo, ref, old = _movable(hub, call)
    if ref == f"refs/heads/{repo.default_branch}":
        raise Refused(422, "Cannot delete the default branch")
    bare.set_ref(repo.folder, ref, "", old)
    pushes.moved(hub, call, repo, ref, old, "")
    return Answer(204)


def _movable(hub: Hub, call: Call) -> tuple[Repository, str, str]:
    repo, ref = call.repo, f"refs/{call.params['ref']}"
    need_role(hub, call, repo, "write")
    old = bare.refs(repo.folder, ref).get(ref, "")
    if not old:
        raise Refused(422, "Reference does not exist")
    admin = call.token and call.token.kind == "pat" and hub.rank(repo, call.login) >= RANK["admin"]
    if ref.removeprefix("refs/heads/") in repo.protected and not admin:
        raise Refused(422, f"Protected branch update failed for {ref}.")
    return repo, ref, old


@route("GET", f"{_REPO}/commits", permission=_READ)
def list_commits(hub: Hub, call: Call) -> Reply:
    start = bare.resolve(call.repo.folder, call.query.get("sha") or call.repo.default_branch)
    if not start:
        raise Refused(404, "Not Found")
    limits = [f"--{name}={call.query[name]}" for name in ("since", "until", "author") if call.query.get(name)]
    paths = ["--", call.query["path"]] if call.query.get("path") else []
    found = bare.log(call.repo.folder, *limits, start, *paths, most=1000)
    return paged(hub, call, found, lambda each: commit_view(hub, call.repo, each))


@route("GET", f"{_REPO}/commits/{{ref...}}", permission=_READ)
def get_commit(hub: Hub, call: Call) -> Reply:
    repo, found = call.repo, _commit(call, call.params["ref"])
    if call.accepts("sha"):
        return Answer(200, headers={"Content-Type": "application/vnd.github.sha"}, raw=found.sha.encode())
    parent = found.parents[0] if found.parents else bare.EMPTY_TREE
    files = _files(hub, repo, parent, found.sha)
    added, deleted = sum(each["additions"] for each in files), sum(each["deletions"] for each in files)
    stats = {"additions": added, "deletions": deleted, "total": added + deleted}
    return 200, {**commit_view(hub, repo, found), "stats": stats, "files": files}


def _files(hub: Hub, repo: Repository, old: str, new: str) -> list[dict[str, Any]]:
    patches = {path: each.patch for path, each in lines.read(bare.diff(repo.folder, old, new)).items()}
    return [file_view(hub, repo, each, new, patches) for each in bare.changed(repo.folder, old, new)[:300]]


def _commit(call: Call, name: str) -> bare.Commit:
    sha = bare.resolve(call.repo.folder, name)
    if not sha:
        raise Refused(422, f"No commit found for SHA: {name}")
    return bare.log(call.repo.folder, sha, most=1)[0]


@route("GET", f"{_REPO}/git/commits/{{commit_sha}}", permission=_READ)
def get_git_commit(hub: Hub, call: Call) -> Reply:
    if bare.resolve(call.repo.folder, call.params["commit_sha"]) != call.params["commit_sha"]:
        raise Refused(404, "Not Found")
    return 200, git_commit_view(hub, call.repo, _commit(call, call.params["commit_sha"]))


@route("GET", f"{_REPO}/compare/{{basehead...}}", permission=_READ)
def compare(hub: Hub, call: Call) -> Reply:
    repo = call.repo
    base, _, head = call.params["basehead"].partition("...")
    old, new = bare.resolve(repo.folder, base), bare.resolve(repo.folder, head)
    left = bare.fork_point(repo.folder, old, new) if old and new else ""
    if not left:
        raise Refused(404, "Not Found")
    ahead, behind = bare.log(repo.folder, "--reverse", new, f"^{left}"), bare.log(repo.folder, old, f"^{left}")
    status = "identical" if old == new else "diverged" if ahead and behind else "ahead" if ahead else "behind"
    page = f"{page_url(hub, repo)}/compare/{base}...{head}"
    shown = [commit_view(hub, repo, bare.log(repo.folder, each, most=1)[0]) for each in (old, left)]
    return 200, {
        "url": f"{repo_url(hub, repo)}/compare/{base}...{head}", "html_url": page, "permalink_url": page,
        "diff_url": f"{page}.diff", "patch_url": f"{page}.patch", "base_commit": shown[0],
        "merge_base_commit": shown[1], "status": status, "ahead_by": len(ahead), "behind_by": len(behind),
        "total_commits": len(ahead), "commits": [commit_view(hub, repo, each) for each in ahead],
        "files": _files(hub, repo, left, new),
    }  # fmt: skip


@route("GET", f"{_REPO}/contents", permission=_READ)
def get_root(hub: Hub, call: Call) -> Reply:
    return _contents(hub, call, "")


@route("GET", f"{_REPO}/contents/{{path...}}", permission=_READ)
def get_contents(hub: Hub, call: Call) -> Reply:
    return _contents(hub, call, call.params["path"].strip("/"))


def _contents(hub: Hub, call: Call, path: str) -> Reply:
    repo, ref = call.repo, call.query.get("ref") or call.repo.default_branch
    commit = bare.resolve(repo.folder, ref)
    if not commit:
        raise Refused(404, f"No commit found for the ref {ref}")
    try:
        kind = bare.text(repo.folder, "cat-file", "-t", f"{commit}:{path}")
        raw = bare.git(repo.folder, "cat-file", "-p", f"{commit}:{path}") if kind == "blob" else b""
    except GitProblem:
        raise Refused(404, "Not Found") from None
    if kind != "blob":
        rows = bare.git(repo.folder, "ls-tree", "-z", "--long", f"{commit}:{path}").decode().split("\0")[:-1]
        return 200, [_entry(hub, repo, ref, path, row) for row in rows]
    if call.accepts("raw"):
        return Answer(200, headers={"Content-Type": "application/vnd.github.raw; charset=utf-8"}, raw=raw)
    sha = bare.text(repo.folder, "rev-parse", f"{commit}:{path}")
    body = _place(hub, repo, ref, path, "file", sha, len(raw))
    return 200, {**body, "content": base64.encodebytes(raw).decode(), "encoding": "base64"}


def _entry(hub: Hub, repo: Repository, ref: str, folder: str, row: str) -> dict[str, Any]:
    facts, _, name = row.partition("\t")
    mode, kind, sha, size = facts.split()
    what = "dir" if kind == "tree" else "submodule" if kind == "commit" else "symlink" if mode == "120000" else "file"
    return _place(hub, repo, ref, f"{folder}/{name}".lstrip("/"), what, sha, int(size) if size.isdigit() else 0)


def _place(hub: Hub, repo: Repository, ref: str, path: str, kind: str, sha: str, size: int) -> dict[str, Any]:
    url = f"{repo_url(hub, repo)}/contents/{path}?ref={ref}"
    git_url = f"{repo_url(hub, repo)}/git/{'trees' if kind == 'dir' else 'blobs'}/{sha}"
    page = f"{page_url(hub, repo)}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{path}"
    raw = None if kind == "dir" else f"{page_url(hub, repo)}/raw/{ref}/{path}"
    return {
        "type": kind, "name": path.rpartition("/")[2], "path": path, "sha": sha, "size": size, "url": url,
        "html_url": page, "git_url": git_url, "download_url": raw,
        "_links": {"self": url, "git": git_url, "html": page},
    }  # fmt: skip

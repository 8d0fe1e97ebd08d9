"""actions/checkout: real git over the double's HTTP, into an empty folder."""

import base64
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from factory.simulator.runner.scope import ActionProblem
from factory.simulator.runner.standins.call import Call

INPUTS = (
    "repository", "ref", "token", "persist-credentials", "path", "fetch-depth", "fetch-tags", "clean", "lfs",
    "submodules", "set-safe-directory", "show-progress", "filter", "sparse-checkout", "sparse-checkout-cone-mode",
)  # fmt: skip
Git = Callable[..., str]
FORK_EVENTS = ("pull_request_target", "workflow_run")


def checkout(call: Call) -> str:
    """The named commit, branch or tag; without `ref` the commit of the event. Outputs ref and commit."""
    call.allow(**dict.fromkeys(INPUTS, ""))
    context = call.job.github
    repo = call.input("repository", str(context["repository"]))
    own = repo.lower() == str(context["repository"]).lower()
    ref = call.input("ref", str(context["ref"]) if own else "")
    commit = str(context["sha"]) if own and not call.input("ref") else ""
    _refuse_fork_code(call, ref, commit)
    folder = call.inside(call.input("path", "."))
    _emptied(folder)
    key = f"http.{context['server_url']}/.extraheader"
    header = f"AUTHORIZATION: basic {_basic(call.input('token', call.job.token))}"
    call.job.log.masks.add(header.rpartition(" ")[2])

    def git(*arguments: str) -> str:
        return call.run("git", "-C", str(folder), *arguments)

    git("init", "--quiet", "--initial-branch=main", ".")
    git("remote", "add", "origin", f"{context['server_url']}/{repo}")
    git("config", "--local", "gc.auto", "0")
    git("config", "--local", key, header)
    if patterns := call.inputs.get("sparse-checkout", "").strip():
        cone = ["--cone"] if call.flag("sparse-checkout-cone-mode", True) else ["--no-cone"]
        git("sparse-checkout", "set", *cone, *[line.strip() for line in patterns.splitlines()])
    try:
        _fetch_and_switch(call, git, ref, commit)
    finally:
        if not call.flag("persist-credentials", True):
            git("config", "--local", "--unset-all", key)
        else:
            call.job.posts.append(("checkout", lambda: _forget(call, folder, key)))
    call.outputs.update(ref=ref, commit=git("rev-parse", "HEAD"))
    return ""


def _fetch_and_switch(call: Call, git: Git, ref: str, commit: str) -> None:
    depth = int(call.input("fetch-depth", "1"))
    shallow = [f"--depth={depth}"] if depth else []
    tags = ["--tags"] if call.flag("fetch-tags") else ["--no-tags"]
    everything = [] if depth else ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
    fetch = ["-c", "protocol.version=2", "fetch", "--quiet", "--prune", *tags, *shallow, "origin"]
    if re.fullmatch(r"[0-9a-f]{40}", ref):
        git(*fetch, *everything, ref)
        git("checkout", "--quiet", "--force", "--detach", ref)
        return
    full = _full(git, ref)
    local = "refs/remotes/" + full.removeprefix("refs/").replace("heads/", "origin/", 1)
    local = full if full.startswith("refs/tags/") else local
    git(*fetch, *everything, f"+{commit or full}:{local}")
    if full.startswith("refs/heads/"):
        branch = full.removeprefix("refs/heads/")
        git("checkout", "--quiet", "--force", "-B", branch, local)
    else:
        git("checkout", "--quiet", "--force", "--detach", local)


def _full(git: Git, ref: str) -> str:
    """The remote's full name of a branch or tag; "" means its default branch."""
    if ref.startswith("refs/"):
        return ref
    if not ref:
        rows = git("ls-remote", "--symref", "origin", "HEAD").splitlines()
        return next(row.split()[1] for row in rows if row.startswith("ref:"))
    rows = git("ls-remote", "origin", f"refs/heads/{ref}", f"refs/tags/{ref}").splitlines()
    if not rows:
        raise ActionProblem(f"A branch or tag with the name '{ref}' could not be found")
    return rows[0].split("\t")[1]


def _refuse_fork_code(call: Call, ref: str, commit: str) -> None:
    """checkout v7 and newer: no code of a fork's pull request where secrets are."""
    if call.job.github["event_name"] not in FORK_EVENTS:
        return
    event = call.job.github["event"]
    pulls = [event.get("pull_request") or {}, *((event.get("workflow_run") or {}).get("pull_requests") or [])]
    for pull in pulls:
        head = pull.get("head") or {}
        whose = (head.get("repo") or {}).get("full_name", "")
        foreign = whose.lower() != str(call.job.github["repository"]).lower()
        if (
            head
            and foreign
            and (head.get("sha") in (ref, commit) or ref.startswith(f"refs/pull/{pull.get('number')}/"))
        ):
            raise ActionProblem("Refusing to check out the code of a fork's pull request in a workflow with secrets.")


def _basic(token: str) -> str:
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()


def _emptied(folder: Path) -> None:
    """git's folder begins empty, as `clean: true` on another repository's checkout leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / ".git").exists():
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _forget(call: Call, folder: Path, key: str) -> None:
    if (folder / ".git").is_dir():
        call.run("git", "-C", str(folder), "config", "--local", "--unset-all", key)

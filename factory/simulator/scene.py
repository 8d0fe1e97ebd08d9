"""Before the event: the repository, the people, the issue, comment or pull request that a payload speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from factory.contracts.errors import GitProblem, UsageProblem
from factory.contracts.record import Json
from factory.contracts.ticket import RoleName
from factory.simulator.hub import bare, happen
from factory.simulator.hub.nouns import Comment, Event, Issue, Label, Pull, Repository, ReviewComment
from factory.simulator.hub.pull_views import half, whole_pull
from factory.simulator.hub.runs import settings
from factory.simulator.hub.state import Hub
from factory.simulator.hub.views import comment_view, issue_view, label_view

WORKFLOWS = ".github/workflows"


@dataclass(frozen=True)
class Scene:
    """What is to be played. `files` are put over the repository's own; `others`: more repositories by name."""

    event: str
    payload: Json
    repo: Path
    workflows: Path | None = None
    role: RoleName = "write"
    files: Mapping[str, bytes] = field(default_factory=dict)
    others: Mapping[str, tuple[Path, Mapping[str, bytes]]] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def overlay(folder: Path | None) -> dict[str, bytes]:
    """Workflow files of a folder, with the `actions` beside it when it is a `workflows` folder."""
    if folder is None:
        return {}
    if not folder.is_dir():
        raise UsageProblem(f"--workflows {folder} is not a folder.")
    found = {f"{WORKFLOWS}/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.y*ml"))}
    if not found:
        raise UsageProblem(f"--workflows {folder} holds no workflow: it needs files that end in .yml.")
    actions = folder.parent / "actions"
    if folder.name == "workflows" and actions.is_dir():
        files = (path for path in sorted(actions.rglob("*")) if path.is_file())
        found |= {f".github/actions/{path.relative_to(actions)}": path.read_bytes() for path in files}
    return found


def arrange(hub: Hub, scene: Scene) -> Repository:
    """The world before the event."""
    known = scene.payload.get("repository") or {}
    name = str(known.get("full_name") or f"acme/{_plain(scene.repo.resolve().name)}")
    branch = str(known.get("default_branch") or "main")
    repo = hub.repository(name, private=bool(known.get("private", True)), default_branch=branch)
    _fill(hub, repo, scene.repo, {**scene.files, **overlay(scene.workflows)})
    for other, (folder, files) in scene.others.items():
        if other.lower() != name.lower():
            _fill(hub, hub.repository(other, private=False), folder, files)
    mine = settings(repo)
    mine.variables.update(scene.variables)
    mine.secrets += sorted(scene.secrets)
    sender = scene.payload.get("sender") or {"login": "you"}
    _person(hub, sender)
    repo.roles[str(sender["login"]).lower()] = scene.role
    return repo


def _fill(hub: Hub, repo: Repository, source: Path, files: Mapping[str, bytes]) -> None:
    """HEAD of the person's repository becomes the default branch; their other branches and tags come too."""
    try:
        head = bare.text(source, "rev-parse", "--verify", "HEAD^{commit}")
        bare.git(repo.folder, "fetch", "--quiet", "--no-tags", str(source.resolve()), "HEAD")
        bare.git(
            repo.folder,
            "fetch",
            "--quiet",
            str(source.resolve()),
            "+refs/heads/*:refs/heads/*",
            "+refs/tags/*:refs/tags/*",
        )
    except GitProblem as problem:
        raise UsageProblem(f"{source} is no git repository with a commit ({problem}).") from None
    if files:
        head = bare.write_commit(repo.folder, (head,), files, "Files of the simulation", hub.now())
    bare.set_ref(repo.folder, f"refs/heads/{repo.default_branch}", head)


def _plain(name: str) -> str:
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "-" for letter in name)


def _person(hub: Hub, view: object) -> str:
    """A person of the payload, with the number and kind it has there."""
    if not isinstance(view, Mapping) or not view.get("login"):
        return hub.user("you").login
    kind = "Bot" if view.get("type") == "Bot" else "User"
    return hub.user(str(view["login"]), kind=kind, id=int(view.get("id") or 0)).login  # type: ignore[arg-type]  # of two


def deliver(hub: Hub, repo: Repository, scene: Scene) -> Event:
    """The event itself, with what it speaks of now in the double, so that the API says the same."""
    payload = dict(scene.payload)
    actor = _person(hub, payload.get("sender"))
    ref = sha = ""
    if isinstance(payload.get("pull_request"), dict) and scene.event.startswith("pull_request"):
        issue = _issue(hub, repo, payload["pull_request"], is_pull=True)
        payload["pull_request"] = whole_pull(hub, repo, issue)
        payload["number"] = issue.number
        ref, sha = happen.merge_ref(repo, issue)
        if isinstance(payload.get("comment"), dict):
            _note(hub, issue, payload["comment"])
    elif isinstance(payload.get("issue"), dict):
        issue = _issue(hub, repo, payload["issue"], is_pull=bool(payload["issue"].get("pull_request")))
        if isinstance(payload.get("comment"), dict):
            payload["comment"] = comment_view(hub, repo, _comment(hub, issue, payload["comment"]))
        payload["issue"] = issue_view(hub, repo, issue)
    if isinstance(payload.get("label"), dict):
        payload["label"] = label_view(hub, repo, _label(hub, repo, str(payload["label"].get("name"))))
    if scene.event == "push":
        ref = f"refs/heads/{repo.default_branch}"
        sha = bare.resolve(repo.folder, ref)
        payload |= {"ref": ref, "after": sha}
    if scene.event == "workflow_dispatch":
        ref = str(payload.get("ref") or f"refs/heads/{repo.default_branch}")
        payload["ref"] = ref = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    for key in ("repository", "sender", "organization", "installation", "enterprise"):
        payload.pop(key, None)
    return hub.emit(None, repo, scene.event, payload, ref, sha, actor)


def _issue(hub: Hub, repo: Repository, view: Json, is_pull: bool) -> Issue:
    number = int(view.get("number") or repo.last_number + 1)
    repo.last_number = max(repo.last_number, number)
    labels = [each if isinstance(each, str) else str(each.get("name")) for each in view.get("labels") or []]
    when = str(view.get("created_at") or hub.now()), str(view.get("updated_at") or hub.now())
    issue = Issue(
        number, int(view.get("id") or hub.next_id()), str(view.get("title") or ""), str(view.get("body") or ""),
        _person(hub, view.get("user")), *when, labels=[_label(hub, repo, name).name for name in labels],
    )  # fmt: skip
    repo.issues[number] = issue
    if is_pull:
        issue.pull = _pull(hub, repo, view)
        happen.refresh(hub, repo, issue)
    return issue


def _pull(hub: Hub, repo: Repository, view: Json) -> Pull:
    """Its branch as it is in the person's repository, else a new one with one commit on the default branch."""
    name = str((view.get("head") or {}).get("ref") or "change")
    base = bare.branch(repo.folder, repo.default_branch)
    head = bare.branch(repo.folder, name)
    if not head or name == repo.default_branch:
        name = name if name != repo.default_branch else "change"
        text = f"Stands for the branch {name} in a simulation.\n".encode()
        head = bare.write_commit(repo.folder, (base,), {"SIMULATED.md": text}, "Simulated change", hub.now())
        bare.set_ref(repo.folder, f"refs/heads/{name}", head)
    return Pull(name, repo.full_name, head, repo.default_branch, base, bool(view.get("draft", False)))


def _comment(hub: Hub, issue: Issue, view: Json) -> Comment:
    when = str(view.get("created_at") or hub.now()), str(view.get("updated_at") or hub.now())
    number, author = int(view.get("id") or hub.next_id()), _person(hub, view.get("user"))
    made = Comment(number, author, str(view.get("body") or ""), *when, issue=issue.number)
    issue.comments.append(made)
    return made


def _note(hub: Hub, issue: Issue, view: Json) -> None:
    pull, when = half(issue), hub.now()
    pull.notes.append(ReviewComment(
        int(view.get("id") or hub.next_id()), _person(hub, view.get("user")), str(view.get("body") or ""), when, when,
        issue.number, path=str(view.get("path") or "README.md"), commit=pull.head_sha, line=int(view.get("line") or 1),
    ))  # fmt: skip


def _label(hub: Hub, repo: Repository, name: str) -> Label:
    return repo.labels.setdefault(name.lower(), Label(hub.next_id(), name))

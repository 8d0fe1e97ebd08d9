"""Reviewing a pull request on GitHub: its commits by SHA into a bare repository, the findings back as one review."""

from dataclasses import dataclass
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.contracts.hub import PullInfo
from factory.contracts.task import Event


@dataclass(frozen=True)
class Fetched:
    """A pull request's commits in a bare repository of ours, and what its author says of it."""

    folder: Path
    base: str
    head: str
    event: Event


def fetch_pull(pull: PullInfo, repo: str, web: str, token: str, folder: Path) -> Fetched:
    """Bring a pull request's commits into the bare repository `folder`. Nothing is checked out, nothing is run.

    Raises UsageProblem when its head moved meanwhile.
    """
    from factory.forge.hidden import uncovered
    from factory.forge.remote import Remote
    from factory.git import run_git

    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "HEAD").is_file():
        run_git(folder, "init", "--bare", "--quiet", "--template=", ".")
    remote = Remote(folder, f"{web.rstrip('/')}/{repo}.git", token)
    head, base = f"refs/factory/pull-{pull.number}", f"refs/factory/base-{pull.number}"
    found = remote.fetch(f"refs/pull/{pull.number}/head", head) and remote.fetch(f"refs/heads/{pull.base}", base)
    if not found or run_git(folder, "rev-parse", head).decode().strip() != pull.head_sha:
        raise UsageProblem(f"The head of pull request {pull.number} moved while it was fetched: run again.")
    shown, _ = uncovered(f"{pull.title}\n\n{pull.body}")  # what the page does not show, no model is shown
    event = Event(kind="review", source=f"{repo}#{pull.number}", text=shown, number="")
    return Fetched(folder=folder, base=base, head=pull.head_sha, event=event)

"""What the budget of an issue is counted under."""

from pathlib import Path

from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.git import git_folder


def issue_key(run: Run) -> str:
    """The repository and the issue's number, or its text. On GitHub the same on every machine."""
    where = run.ticket.repo.lower() if run.ticket else str(git_folder(Path(run.repo.path)))
    return digest(f"{where}\0{run.event.kind}\0{run.event.number or run.event.text}")[:16]

"""What a job's token may do: the job's own `permissions`, else the workflow's, else the repository's default."""

from collections.abc import Mapping
from typing import Any

NAMES = (
    "actions", "artifact-metadata", "attestations", "checks", "code-quality", "contents", "deployments", "discussions",
    "id-token", "issues", "models", "packages", "pages", "pull-requests", "repository-projects", "security-events",
    "statuses", "vulnerability-alerts",
)  # fmt: skip
RESTRICTED = {"contents": "read", "packages": "read"}
"""The default of a repository made since 2023: what a job has when nothing says `permissions`."""
LEVELS = {"none": 0, "read": 1, "write": 2}
NO_READ = ("id-token",)
NO_WRITE = ("models", "vulnerability-alerts")

Held = dict[str, str]


def effective(workflow: Any, job: Any, cap: Mapping[str, str] | None = None, default: Mapping[str, str] = RESTRICTED,
              fork: bool = False) -> Held:  # fmt: skip
    """Permissions of one job's token. `cap`: what the caller of a reusable workflow holds. `fork`: read only."""
    said = job if job is not None else workflow
    held = _read(said) if said is not None else dict(cap if cap is not None else default)
    if cap is not None:
        held = {name: _least(level, cap.get(name, "none")) for name, level in held.items()}
    if fork:
        held = {name: _least(level, "read") for name, level in held.items() if name != "id-token"}
    return {name: level for name, level in held.items() if level != "none"}


def exceeding(workflow: Any, job: Any, cap: Mapping[str, str]) -> list[str]:
    """What a called workflow's job asks for beyond its caller: GitHub does not start such a run."""
    said = job if job is not None else workflow
    wanted = _read(said) if said is not None else {}
    return [
        f"'{name}: {level}', but is only allowed '{name}: {cap.get(name, 'none')}'"
        for name, level in wanted.items()
        if LEVELS[level] > LEVELS[cap.get(name, "none")]
    ]


def _read(said: Any) -> Held:
    if said == "read-all":
        return {name: "read" for name in NAMES if name not in NO_READ}
    if said == "write-all":
        return {name: "read" if name in NO_WRITE else "write" for name in NAMES}
    return {str(name): str(level) for name, level in said.items()} if isinstance(said, Mapping) else {}


def _least(one: str, other: str) -> str:
    return min(one, other, key=lambda level: LEVELS[level])

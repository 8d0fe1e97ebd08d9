"""The runner's pre-job hook: a script of ours, named in the runner's `.env`, that refuses foreign workflows."""

import re
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.files import write_whole
from factory.install.plan import WORKFLOWS

NAME = "factory-job-started.sh"
VARIABLE = "ACTIONS_RUNNER_HOOK_JOB_STARTED"
ALLOWED = "FACTORY_ALLOWED_WORKFLOWS"


def script() -> Path:
    """Inside the wheel, else in the repository."""
    inside = Path(__file__).parent.parent / "_runner" / "job-started.sh"
    return inside if inside.is_file() else Path(__file__).parent.parent.parent / ".github" / "runner" / "job-started.sh"


def set_up(runner: Path, repo: str, branch: str) -> Path:
    """Copy the hook into the runner's folder and name it in `.env`, keeping every other line. Idempotent.

    `repo`: OWNER/NAME; `branch`: its default branch. Raises UsageProblem when `runner` is no runner's folder.
    """
    if not (runner / ".runner").is_file():
        raise UsageProblem(f"{runner} is not the folder of a configured runner (no .runner in it): name that folder.")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}", repo):
        raise UsageProblem(f"--github {repo!r} is not OWNER/NAME: the hook must know whose jobs it lets in.")
    hook = runner / NAME
    write_whole(hook, script().read_bytes())
    hook.chmod(0o755)
    environment = runner / ".env"
    lines = environment.read_text(encoding="utf-8").splitlines() if environment.is_file() else []
    kept = [line for line in lines if not line.startswith((f"{VARIABLE}=", f"{ALLOWED}="))]
    allowed = f"{repo}/{WORKFLOWS}/local-agent-worker.yml@refs/heads/{branch}"
    allowed += f",{repo}/{WORKFLOWS}/factory-local.yml@refs/heads/{branch}"
    write_whole(environment, "\n".join([*kept, f"{VARIABLE}={hook}", f"{ALLOWED}={allowed}"]) + "\n")
    return hook

"""What a stand-in for a third-party action gets, and what it may do."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from factory.simulator.hub.nouns import Repository, Token
from factory.simulator.runner import shell
from factory.simulator.runner.scope import ActionProblem, JobRun, Scope


@dataclass
class Call:
    """One `uses:` of a stand-in. Inputs as given; `outputs` is filled."""

    job: JobRun
    name: str
    inputs: dict[str, str]
    env: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)

    def input(self, name: str, default: str = "") -> str:
        return self.inputs.get(name, "").strip() or default

    def flag(self, name: str, default: bool = False) -> bool:
        said = self.input(name)
        if said and said.lower() not in ("true", "false"):
            raise ActionProblem(f'Input does not meet YAML 1.2 "Core Schema" specification: {name}')
        return said.lower() == "true" if said else default

    def allow(self, **inputs: str) -> None:
        """Refuse inputs that this stand-in does not know: a workflow that needs them is not simulated truly."""
        unknown = sorted(set(self.inputs) - {name.replace("_", "-") for name in inputs})
        if unknown:
            raise ActionProblem(f"The simulator's {self.name} does not know the input {', '.join(unknown)}.")

    @property
    def workspace(self) -> Path:
        return self.job.place.workspace

    @property
    def repo(self) -> Repository:
        return self.job.bench.hub.repo(self.job.leg.node.frame.run.shown.repo)

    def inside(self, path: str) -> Path:
        """A path in the workspace. Raises ActionProblem when it leads out of it."""
        found = (self.workspace / path).resolve()
        if not found.is_relative_to(self.workspace.resolve()):
            raise ActionProblem(f"Repository path '{path}' is not under the workspace.")
        return self.workspace / path

    def token(self, value: str) -> Token:
        found = self.job.bench.hub.tokens.get(value)
        if not found:
            raise ActionProblem("Bad credentials: the token is not known or no longer valid.")
        return found

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """A process with the job's environment; its output goes into the log. Raises ActionProblem."""
        scope = Scope(self.job, self.job.leg.node.frame.source, {})
        done = subprocess.run(
            command, cwd=cwd or self.workspace, env=shell.environment(scope, self.env, {}), text=True,
            capture_output=True, check=False, errors="replace",
        )  # fmt: skip
        words = (done.stdout + done.stderr).strip()
        if words:
            self.job.log.write(words)
        if done.returncode:
            raise ActionProblem(f"{command[0]} failed with exit code {done.returncode}: {words[-300:]}")
        return done.stdout.strip()

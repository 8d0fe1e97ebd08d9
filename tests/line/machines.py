"""Jobs on machines of their own: each has its own state folder and its own clone, and gets nothing but files."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.contracts.record import digest
from factory.contracts.ticket import Ticket
from tests.line.targets import SHOP, factory, git

ISSUED = "2026-11-20T10:00:00Z"


class Fleet:
    """Runners that are thrown away after their job; `origin` is the repository they clone."""

    def __init__(self, folder: Path, origin: Path, config: Path, issue: Path = SHOP / "issue.md") -> None:
        self.folder, self.origin, self.config, self.issue = folder, origin, config, issue
        self.n = 0

    def ticket(self, **facts: Any) -> Path:
        """What the gate would have written."""
        head = git(self.origin, "rev-parse", "main")
        known = {
            "repo": "o/shop", "purpose": "swarm", "event": "issues 42 labeled", "actor": "ada", "actor_id": 1,
            "role": "write", "issue": 42, "text": digest(self.issue.read_bytes()), "base": "main", "base_sha": head,
            "issued": ISSUED,
        }  # fmt: skip
        path = self.folder / "ticket.json"
        path.write_text(Ticket.model_validate({**known, **facts}).to_json())
        return path

    def job(
        self, name: str, *arguments: str | Path, bundle: Path | None = None, into: str = "", ok: bool = True,
        environment: Mapping[str, str] | None = None, state: Path | None = None, changes: Path | None = None,
        said: str = "",
    ) -> "Job":  # fmt: skip
        """`factory stage NAME` on a new machine that got `bundle`, and what people `said` from the gate; what it leaves
        is in the job's own folder."""
        self.n += 1
        home = self.folder / f"{self.n:02}-{into or name}"
        home.mkdir()
        clone = home / "clone"
        subprocess.run(["git", "clone", "-q", self.origin, clone], check=True, capture_output=True)
        if bundle:
            shutil.copytree(bundle, home / "bundle")
        if said:
            (home / "gate").mkdir()
            (home / "gate" / "feedback.json").write_text(said)
        extra: list[str | Path] = ["--changes", changes] if changes else []
        (home / "event.json").write_text("{}")
        around: dict[str, Any] = {
            "GITHUB_OUTPUT": str(home / "output"), "GITHUB_STEP_SUMMARY": str(home / "summary"),
            "GITHUB_EVENT_PATH": str(home / "event.json"), "GITHUB_EVENT_NAME": "issues", "GITHUB_RUN_ID": "1",
            "GITHUB_REPOSITORY": "o/shop", "RUNNER_TEMP": str(home),
            **(environment or {}),
        }  # fmt: skip
        done = factory(
            state or home / "state", "stage", name, "--run", home / "bundle" / "run.json", "--repo", clone,
            "--config", self.config, *extra, *arguments, **around,
        )  # fmt: skip
        if ok:
            assert done.returncode == 0, done.stderr
        return Job(home, done)

    def begun(self, name: str = "intake", *arguments: str | Path, **more: Any) -> "Job":
        """The first job of a run."""
        return self.job(name, "--issue", self.issue, "--ticket", self.ticket(), *arguments, **more)  # fmt: skip


class Job:
    """What one job left behind."""

    def __init__(self, home: Path, done: "subprocess.CompletedProcess[str]") -> None:
        self.home, self.done, self.bundle = home, done, home / "bundle"

    @property
    def outputs(self) -> dict[str, str]:
        found, lines = {}, (self.home / "output").read_text().splitlines()
        while lines:
            name, _, mark = lines.pop(0).partition("<<")
            end = lines.index(mark)
            found[name], lines = "\n".join(lines[:end]), lines[end + 1 :]
        return found

    @property
    def record(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.bundle / "run.json").read_text())
        return value

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.bundle.iterdir())

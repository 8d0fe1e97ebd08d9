"""The workflow files as data: for the generated tables of docs/github.md and for the tests that hold the rules."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from factory.contracts.record import Json, Record

ROOT = Path(__file__).parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"
ACTIONS = ROOT / ".github" / "actions"
CALLERS = ROOT / "examples" / "callers"
FACTORY = ("dark-factory-swarm", "local-agent-worker", "forge-dispatch", "pr-feedback", "watchdog", "nightly-hunt")
"""The workflows that other repositories call; the rest (ci, release) serves this repository."""


class Job(Record):
    """One job of one workflow."""

    workflow: str  # file name without .yml
    name: str  # its id
    body: Json

    @property
    def zone(self) -> str:
        """gate, think, prove or ship; "" outside the factory's own workflows."""
        return str(self.body.get("env", {}).get("FACTORY_ZONE", ""))

    @property
    def permissions(self) -> dict[str, str]:
        return dict(self.body.get("permissions", {}))

    @property
    def steps(self) -> list[Json]:
        return list(self.body.get("steps", []))

    @property
    def secrets(self) -> set[str]:
        """Names of the secrets that any expression of the job mentions."""
        return set(mentioned(self.body, "secrets."))

    def __str__(self) -> str:
        return f"{self.workflow}/{self.name}"


def read(path: Path) -> Json:
    """One file; the key `on`, which YAML 1.1 takes for a truth value, by its name."""
    import yaml

    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in found.items()}


def workflows(folder: Path = WORKFLOWS) -> dict[str, Json]:
    return {path.stem: read(path) for path in sorted(folder.glob("*.yml"))}


def jobs(folder: Path = WORKFLOWS) -> list[Job]:
    return [
        Job(workflow=name, name=job, body=body)
        for name, workflow in workflows(folder).items()
        for job, body in workflow["jobs"].items()
    ]


def actions() -> dict[str, Json]:
    return {path.parent.name: read(path) for path in sorted(ACTIONS.glob("*/action.yml"))}


def strings(value: Any) -> Iterator[str]:
    """Every text in a tree of YAML."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from strings(key)
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def expressions(value: Any) -> Iterator[str]:
    """What stands in `${{ }}`, and every bare `if:`."""
    for text in strings(value):
        yield from re.findall(r"\$\{\{(.*?)\}\}", text, flags=re.DOTALL)
    yield from _bare(value)


def _bare(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "if" in value and "${{" not in str(value["if"]):
            yield str(value["if"])
        for each in value.values():
            yield from _bare(each)
    elif isinstance(value, list):
        for each in value:
            yield from _bare(each)


def mentioned(value: Any, context: str) -> list[str]:
    """Names after `context` (as in `secrets.NAME`) in any expression."""
    found = {name for text in expressions(value) for name in re.findall(re.escape(context) + r"([A-Za-z_]\w*)", text)}
    return sorted(found)


def jobs_table() -> str:
    """docs/github.md: zone, machine, permissions and secrets of every job."""
    lines = ["| workflow | job | zone | runs on | permissions of its token | secrets |", "|---|---|---|---|---|---|"]
    for job in jobs():
        if job.workflow not in FACTORY:
            continue
        rights = ", ".join(f"{name}: {level}" for name, level in sorted(job.permissions.items())) or "none"
        secrets = ", ".join(f"`{name}`" for name in sorted(job.secrets)) or "none"
        where = "the box" if "self-hosted" in str(job.body["runs-on"]) else "hosted"
        lines.append(f"| {job.workflow} | {job.name} | {job.zone} | {where} | {rights} | {secrets} |")
    return "\n".join(lines) + "\n"


def events_table() -> str:
    """docs/github.md: what starts which workflow."""
    lines = ["| workflow | started by |", "|---|---|"]
    for name in FACTORY:
        lines.append(f"| {name} | {', '.join(_events(workflows()[name]['on']))} |")
    return "\n".join(lines) + "\n"


def _events(on: Json) -> Iterator[str]:
    for event, rules in on.items():
        if event == "workflow_call":
            yield "a call from another repository's workflow"
        elif event == "schedule":
            yield f"the clock (`{rules[0]['cron']}`)"
        else:
            kinds = (rules or {}).get("types", [])
            yield f"`{event}`" + (f" ({', '.join(f'`{kind}`' for kind in kinds)})" if kinds else "")

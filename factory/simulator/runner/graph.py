"""What the runner keeps of a workflow run: frames (a workflow file at work), nodes (its jobs), legs (of a matrix).

A node's leg is one job on a machine, or with `uses:` one more frame. Changed by the scheduler's thread only; a job's
own thread fills `Leg.work` and sets nothing else.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from factory.contracts.record import Json
from factory.simulator.expressions.evaluator import Status
from factory.simulator.hub.nouns import Event
from factory.simulator.hub.runs import Job, Run
from factory.simulator.runner.concurrency import Wish
from factory.simulator.runner.permissions import Held

Result = Literal["", "success", "failure", "cancelled", "skipped"]


@dataclass(frozen=True)
class Source:
    """Where a workflow file came from."""

    repo: str  # owner/name
    sha: str
    path: str
    ref: str  # refs/heads/main

    @property
    def name(self) -> str:
        """GITHUB_WORKFLOW_REF."""
        return f"{self.repo}/{self.path}@{self.ref}"


@dataclass
class Note:
    """An annotation."""

    level: str  # error, warning, notice
    message: str
    title: str = ""


@dataclass
class StepDone:
    number: int
    name: str
    conclusion: str
    outcome: str
    seconds: float


@dataclass
class Work:
    """What a job's thread has brought about so far."""

    result: Result = ""
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[StepDone] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    summary: str = ""
    log: Path | None = None
    seconds: float = 0
    permissions: Held = field(default_factory=dict)
    lines: int = 0
    last: str = ""  # the last line that a step said


@dataclass(eq=False)
class Leg:
    node: "Node"
    index: int
    matrix: Json | None
    total: int
    name: str
    shown: Job | None = None  # what the API shows of it
    state: Literal["created", "pending", "queued", "running", "done"] = "created"
    result: Result = ""
    tolerated: bool = False  # continue-on-error: the run goes on as if it had succeeded
    outputs: dict[str, str] = field(default_factory=dict)
    wish: Wish | None = None
    labels: tuple[str, ...] = ()
    machine: str = ""
    frame: "Frame | None" = None
    work: Work = field(default_factory=Work)
    cancel: threading.Event = field(default_factory=threading.Event)
    attempt: int = 1
    queued: float = 0  # since when, by the hub's clock


@dataclass(eq=False)
class Node:
    frame: "Frame"
    id: str
    spec: Json
    state: Literal["waiting", "open", "done"] = "waiting"
    legs: list[Leg] = field(default_factory=list)
    result: Result = ""
    outputs: dict[str, str] = field(default_factory=dict)
    problem: str = ""  # why it failed before any job of it began
    fail_fast: bool = True
    max_parallel: int = 0  # 0 = no limit

    @property
    def needs(self) -> list[str]:
        said = self.spec.get("needs") or []
        return [said] if isinstance(said, str) else list(said)

    @property
    def ancestors(self) -> "list[Node]":
        """All jobs before it, also indirectly: success() asks all of them."""
        found: dict[str, Node] = {}
        names = list(self.needs)
        while names:
            name = names.pop()
            if name not in found:
                found[name] = self.frame.nodes[name]
                names += found[name].needs
        return list(found.values())

    def status(self, cancelled: bool) -> Status:
        results = [each.result for each in self.ancestors]
        return Status(
            success=not cancelled and all(each == "success" for each in results),
            failure="failure" in results and not cancelled,
            cancelled=cancelled,
            results={each.id: each.result for each in self.ancestors},
        )

    @property
    def needs_context(self) -> Json:
        return {
            name: {"result": self.frame.nodes[name].result, "outputs": self.frame.nodes[name].outputs}
            for name in self.needs
        }


@dataclass(eq=False)
class Frame:
    run: "RunState"
    source: Source
    document: Json
    inputs: Json
    secrets: Mapping[str, str]
    cap: Held | None = None  # what the caller holds
    caller: Leg | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    wish: Wish | None = None
    waits: bool = False  # for its group

    @property
    def depth(self) -> int:
        return self.caller.node.frame.depth + 1 if self.caller else 1

    @property
    def prefix(self) -> str:
        return f"{self.caller.name} / " if self.caller else ""

    @property
    def done(self) -> bool:
        return all(node.state == "done" for node in self.nodes.values())

    def jobs(self) -> list[Leg]:
        """Every job that exists so far, called workflows' included."""
        found: list[Leg] = []
        for node in self.nodes.values():
            for leg in node.legs:
                found += leg.frame.jobs() if leg.frame else [leg]
        return found


@dataclass(eq=False)
class RunState:
    """One workflow run. `shown` is what the API shows of it."""

    shown: Run
    event: Event
    event_name: str  # also pull_request_target, which is no webhook of its own
    source: Source
    ref: str
    sha: str
    top: Frame | None = None
    cancelled: bool = False
    started_once: bool = False  # it has entered its group; false also while it waits for an approval
    problem: str = ""  # why it could not start
    started: float = 0  # monotonic
    seconds: float = 0
    fork: bool = False  # of a pull request from a fork: no secrets, read only
    again: str = ""  # who asked for this attempt
    past: list[Json] = field(default_factory=list)  # results of earlier attempts

    @property
    def done(self) -> bool:
        return self.shown.status == "completed"

"""What came of a workflow run, as a record: for tests, `--json` and the last words."""

from factory.contracts.record import Json, Record
from factory.simulator.runner.graph import Leg, RunState


class StepRecord(Record):
    number: int
    name: str
    outcome: str
    conclusion: str
    seconds: float


class NoteRecord(Record):
    level: str
    message: str
    title: str = ""


class JobRecord(Record):
    id: str  # as in the file; in a called workflow with its caller's before it: `call/build`
    name: str
    result: str
    status: str
    labels: tuple[str, ...] = ()
    machine: str = ""
    matrix: Json | None = None
    permissions: dict[str, str] = {}
    outputs: dict[str, str] = {}
    steps: tuple[StepRecord, ...] = ()
    notes: tuple[NoteRecord, ...] = ()
    summary: str = ""
    last: str = ""  # the last line that a step said
    seconds: float = 0
    log: str = ""  # path


class RunRecord(Record):
    id: int
    number: int
    attempt: int
    repo: str
    workflow: str  # .github/workflows/x.yml
    name: str
    title: str
    event: str
    actor: str
    sha: str
    status: str
    conclusion: str
    problem: str = ""
    jobs: tuple[JobRecord, ...] = ()
    results: dict[str, str] = {}  # of every job of the file, also those that never began
    outputs: dict[str, dict[str, str]] = {}
    seconds: float = 0

    def job(self, name: str) -> JobRecord:
        """By id or display name. Raises KeyError."""
        for each in self.jobs:
            if name in (each.id, each.name):
                return each
        raise KeyError(name)


def record_of(run: RunState) -> RunRecord:
    shown, nodes = run.shown, run.top.nodes if run.top else {}
    return RunRecord(
        id=shown.id, number=shown.number, attempt=shown.attempt, repo=shown.repo, workflow=shown.workflow,
        name=shown.name, title=shown.title, event=shown.event, actor=shown.actor, sha=run.sha, status=shown.status,
        conclusion=shown.conclusion, jobs=tuple(map(_job, run.top.jobs())) if run.top else (),
        results={name: node.result for name, node in nodes.items()},
        outputs={name: dict(node.outputs) for name, node in nodes.items()}, seconds=run.seconds,
        problem="; ".join(filter(None, [run.problem, *(node.problem for node in nodes.values())])),
    )  # fmt: skip


def _job(leg: Leg) -> JobRecord:
    work = leg.work
    return JobRecord(
        id=_id(leg), name=leg.name, result=leg.result, status="completed" if leg.state == "done" else leg.state,
        labels=leg.labels, machine=leg.machine, matrix=leg.matrix, permissions=work.permissions, outputs=leg.outputs,
        steps=tuple(StepRecord(**vars(each)) for each in work.steps),
        notes=tuple(NoteRecord(**vars(each)) for each in work.notes),
        summary=work.summary, last=work.last, seconds=work.seconds, log=str(work.log or ""),
    )  # fmt: skip


def _id(leg: Leg) -> str:
    caller = leg.node.frame.caller
    return f"{_id(caller)}/{leg.node.id}" if caller else leg.node.id

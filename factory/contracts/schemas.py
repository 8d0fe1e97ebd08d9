"""The records that cross a boundary, by name: what `factory schema` prints."""

from factory.contracts.catch import Catch, Night
from factory.contracts.change import Change, FileChange, Wave
from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding
from factory.contracts.hunt import Hunted
from factory.contracts.model import Endpoint, Exchange, Reply, Request
from factory.contracts.plan import Plan, Unit
from factory.contracts.record import Record
from factory.contracts.run import Run
from factory.contracts.sandbox import Job, JobResult
from factory.contracts.story import Story
from factory.contracts.task import Event, Pack, Task
from factory.contracts.verdict import Judgement, Round, Verdict

SCHEMAS: dict[str, type[Record]] = {
    record.__name__: record
    for record in (
        Catch, Change, Endpoint, Event, Evidence, Exchange, FileChange, Finding, Hunted, Job, JobResult, Judgement,
        Night, Pack, Plan, Reply, Request, Round, Run, Story, Task, Unit, Verdict, Wave,
    )
}  # fmt: skip

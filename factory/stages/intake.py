"""intake: Event -> Task."""

import re

from factory.contracts.record import digest
from factory.contracts.run import Run
from factory.contracts.task import Event, Task, TaskKind
from factory.stages.mend import mend_task
from factory.stages.shop import Shop

MAX_TITLE = 256  # characters, as many as GitHub's titles have
MAX_BODY = 64 * 1024  # characters a model is shown; more is cut with a notice
_BUG = re.compile(
    r"\b(bugs?|broken|crash(es|ed)?|errors?|exceptions?|fails?|fix(es)?|incorrect(ly)?|regression|traceback|wrong(ly)?)\b",
    re.IGNORECASE,
)


def intake(run: Run, shop: Shop) -> Run:
    """The issue's text becomes a task. Everything in it stays data: nothing here is executed or interpreted."""
    task = task_of(run.event)
    if run.ticket and run.ticket.effort:
        task = task.but(effort=run.ticket.effort)
    return run.but(task=task)


def task_of(event: Event) -> Task:
    if event.kind == "tidy":
        return Task(number="local", title="Tidy the code with safe automatic fixes", body="", kind="tidy", effort=1,
                    digest=digest("tidy"))  # fmt: skip
    if event.kind == "mend":
        return mend_task(event)
    lines = event.text.strip().splitlines()
    whole = re.sub(r"^#+\s+", "", lines[0]).strip()
    first = whole[:MAX_TITLE]
    title = re.sub(r"\s*\(?#\d{1,9}\)?$", "", first) or first or "Untitled issue"
    rest = lines[1:] if first == whole else lines  # a line too long for a title begins the body: nothing is lost
    body = "\n".join(rest).strip()
    notes: tuple[str, ...] = ()
    if len(body) > MAX_BODY:
        notes = (f"the issue's text was cut from {len(body):,} to {MAX_BODY:,} characters",)
        body = body[:MAX_BODY]
    number = event.number or next(iter(re.findall(r"#(\d{1,9})\b", first)), "") or "local"
    return Task(number=number, title=title, body=body, kind=_kind(title, body), digest=digest(event.text), notes=notes)


def _kind(title: str, body: str) -> TaskKind:
    """A bug when the title says so, or the body shows a traceback; evidence for bugs is stricter."""
    if _BUG.search(title) or "Traceback (most recent call last)" in body:
        return "bug"
    return "chore" if re.match(r"(chore|docs?|refactor|build|ci)\b", title, re.IGNORECASE) else "feature"

"""How a run ended, put together from what its jobs left: their results, the bundle, what `ship` did."""

import re

from factory.contracts.errors import FactoryError, HubProblem
from factory.contracts.record import Json, Record, digest
from factory.contracts.run import Run
from factory.contracts.ticket import Handover
from factory.forge.waiting import never_began
from factory.handover.bundle import MANIFEST, read_bundle
from factory.handover.folder import record, records
from factory.jobs.shipped import Shipped, read_shipped
from factory.jobs.wire import Site
from factory.ledger.travel import SpendRow
from factory.render.status import Stand

BUNDLE = "bundle"  # the folder below the runner's temporary one
_NAMES = {
    "gate": "Gate", "open": "Open", "plan": "Plan", "prove": "Prove", "work": "Work", "ship": "Ship",
    **{f"generate-{n}": f"Wave {n}" for n in (1, 2, 3)}, **{f"collect-{n}": f"Collect {n}" for n in (1, 2, 3)},
}  # fmt: skip
_THINKING = ("plan", "generate-1", "generate-2", "generate-3", "work")  # jobs that may spend
_LATEST = ("work", "prove", "collect-3", "collect-2", "collect-1", "plan")  # whose bundle is the newest
_PARKED = ("waiting_quota", "rate_limited", "interrupted")
_STOPPED = ("budget", "cancelled_by_human", "branch_moved")


MONEY = (
    "The money for this is used up: `/factory budget +AMOUNT` raises the limit, then `/factory retry` goes on from "
    "what is there."
)
_RESUME = re.compile(r"run `factory resume [^`]*`")


class Result(Record):
    """`spent`: micro-dollars of the whole run, None when nobody knows. `idle`: nothing of this leg could spend."""

    stand: Stand
    sentence: str = ""
    spent: int | None = None
    idle: bool = False
    pull: int = 0
    url: str = ""
    head: str = ""  # the commit that was delivered
    ladder: tuple[str, ...] = ()
    handover: str = ""  # JSON of a Handover, "" when there is no bundle
    run: Run | None = None


def read_result(here: Site) -> Result:
    """Never raises for what a job left: what cannot be read is said to be so."""
    needs, shipped = here.context.needs, read_shipped(here.context.temp)
    run, spent = _bundle(here, needs)
    idle = _idle(here, needs)
    if shipped and shipped.spent is not None:
        spent = shipped.spent
    made = _ended(here, needs, shipped, run)
    whole = (shipped.run if shipped else None) or run
    sentence = _RESUME.sub("write `/factory retry`", made.sentence)
    out = whole is not None and whole.stopped is not None and whole.stopped.reason == "budget"
    return made.but(spent=None if idle else spent, idle=idle, handover=handover_of(here, needs), run=whole,
                    sentence=sentence, ladder=(*made.ladder, *((MONEY,) if out else ())))  # fmt: skip


def _idle(here: Site, needs: Json) -> bool:
    """No job that may spend has run; one that waited for the box until it was cancelled has not."""
    began = [name for name in _THINKING if _result(needs, name) in ("success", "failure", "cancelled")]
    if began != ["work"] or _result(needs, "work") != "cancelled":
        return not began
    try:
        return never_began(list(here.hub.jobs(here.context.run_id)), _NAMES["work"])
    except HubProblem:
        return False


def _ended(here: Site, needs: Json, shipped: Shipped | None, run: Run | None) -> Result:
    if shipped:
        return Result(stand=shipped.stand, sentence=shipped.sentence, pull=shipped.pull, url=shipped.url,
                      head=shipped.head_sha,
                      ladder=shipped.ladder)  # fmt: skip
    if run and run.stopped:
        return Result(stand=_stand(run.stopped.reason), sentence=f"{run.stopped.reason}: {run.stopped.message}")
    failed = [_NAMES[name] for name in _NAMES if _result(needs, name) == "failure"]
    if failed:
        return Result(stand="failed", sentence=f"The job {' and '.join(failed)} failed.{_reason(needs)} The log of the "
                      "run says why; `/factory retry` goes on from what is there.")  # fmt: skip
    if any(_result(needs, name) == "cancelled" for name in _NAMES):
        return Result(stand="stopped", sentence="The workflow run was cancelled. What was made so far is kept.")
    if run and run.plan and here.ticket.dry_run:
        return Result(stand="plan", sentence="A dry run ends with the plan: nothing was written.")
    if here.ticket.purpose in ("review", "answer", "hunt"):
        return Result(stand="done")
    return Result(stand="failed", sentence="The run ended without a result: that is a failure, look at its log.")


def _stand(reason: str) -> Stand:
    if reason == "nothing_to_do":
        return "done"
    return "parked" if reason in _PARKED else "stopped" if reason in _STOPPED else "failed"


def _reason(needs: Json) -> str:
    """The typed reason that a stage told, when one did."""
    told = [str(_outputs(needs, name).get("stopped") or "") for name in _LATEST]
    return next((f" Reason: {reason}." for reason in told if reason.replace("_", "").isalpha()), "")


def _bundle(here: Site, needs: Json) -> tuple[Run | None, int | None]:
    """The newest bundle of this run, if it lies here and a job of this workflow run vouches for it."""
    folder = here.context.temp / BUNDLE
    try:
        told = digest((folder / MANIFEST).read_bytes())
        if told not in {str(_outputs(needs, name).get("digest")) for name in needs}:
            return None, None
        files = read_bundle(folder, told)
        run = record(Run, files["run.json"], "run.json")
        rows = records(SpendRow, files["spend.jsonl"], "spend.jsonl")
    except (FactoryError, OSError):
        return None, None
    if run.id != here.ticket.run:
        return None, None
    complete = _outputs(needs, _newest(needs)).get("digest") == told
    return run, sum(row.cost for row in rows) if complete else None


def handover_of(here: Site, needs: Json) -> str:
    """Where a later run finds the newest bundle."""
    told = _outputs(needs, _newest(needs))
    if not (str(told.get("artifact", "")).isdigit() and told.get("digest")):
        return ""
    return Handover(
        run_id=here.context.run_id, artifact_id=int(told["artifact"]), digest=str(told["digest"])
    ).to_json()  # fmt: skip


def _newest(needs: Json) -> str:
    return next((name for name in _LATEST if _outputs(needs, name).get("digest")), "")


def _result(needs: Json, name: str) -> str:
    told = needs.get(name)
    return str(told.get("result", "")) if isinstance(told, dict) else ""


def _outputs(needs: Json, name: str) -> Json:
    told = needs.get(name)
    found = told.get("outputs") if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}

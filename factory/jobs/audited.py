"""audited: what Athena says of a delivered change goes to code scanning, where the owner switched that on.

The bundle is read as data only: no tree of it is built, nothing of it is run. Where it was pushed the ship job says.
"""

import re
from pathlib import Path

from factory.contracts.catch import Catch, Ranked, Rule
from factory.contracts.errors import Refusal
from factory.contracts.finding import SEVERITIES, Finding
from factory.contracts.hunt import Hunted
from factory.contracts.run import Run
from factory.contracts.seams import Clock
from factory.edits.paths import escape
from factory.handover.bundle import read_bundle
from factory.handover.folder import record, records
from factory.jobs.context import JobContext
from factory.jobs.scan import told
from factory.jobs.wire import CONFIG, Site, site
from factory.ledger.travel import TrailRow

RULES = "athena.rules"  # measured: what the evidence no longer holds is gone
AUDITORS = ("athena.threat", "athena.injection")  # models: what they say stands until a fix settles it
WHY = {
    True: "Found by the rules of the audit in a change that the factory delivered.",
    False: "Said by a model that audited a change which the factory delivered.",
}
BLIND = "The rules could not look at every state of this change: what they say of it may not be all."


def audited(
    context: JobContext, bundle: Path, digest: str, head: str, branch: str, *,
    config: Path = CONFIG, clock: Clock | None = None,
) -> int:  # fmt: skip
    """What Athena says of a change, for its branch as the ship job pushed it. Raises Refusal, HubProblem."""
    here = site(context, config, clock)
    if not digest:
        raise Refusal("untrusted_artifact", "No digest was handed over with the bundle: it is not acted on.")
    files = read_bundle(bundle, digest)
    run = record(Run, files["run.json"], "run.json")
    if run.id != here.ticket.run:
        raise Refusal("not_allowed", f"The bundle is of {run.id}, the ticket of {here.ticket.run}: it is not acted on.")
    if not looked(run):
        here.say("notice", "This change was not audited: code scanning is told nothing, what it knows stays.")
        return 0
    blind = any(row.event == "audit_failed" for row in records(TrailRow, files["trail.jsonl"], "trail.jsonl"))
    return told(here, _clean(catch_of(run, head, (BLIND,) if blind else ()), here), branch, "audit")


def looked(run: Run) -> bool:
    """Was the tree that is delivered audited? Mechanical mends are not; nor is what no check came to see."""
    mechanical = run.task is not None and run.task.mechanical
    return run.evidence is not None and run.evidence.tree == run.tree and not mechanical


def catch_of(run: Run, head: str, problems: tuple[str, ...] = ()) -> Catch:
    """Athena's findings that the delivered change still has, the worst first; what names no proper file is left out."""
    measured = [item for item in run.evidence.findings if item.source == RULES] if run.evidence else []
    said = [item for item in run.rounds[-1].findings if item.source in AUDITORS] if run.rounds else []
    found = {item.id: item for item in (*measured, *said) if _stands(item)}
    ranked = sorted((Ranked(finding=item, rank=_rank(item)) for item in found.values()), key=lambda row: -row.rank)
    rules = {item.rule: Rule(id=item.rule, title=item.rule, why=WHY[item.source == RULES], severity=item.severity,
                             category=item.category[:40]) for item in found.values()}  # fmt: skip
    return Catch(ref=run.repo.ref, commit=head, rules=tuple(rules.values()), ranked=tuple(ranked),
                 hunted=Hunted(problems=problems))  # fmt: skip


def _clean(catch: Catch, here: Site) -> Catch:
    """Through the filter that everything goes through before GitHub: models wrote some of it."""
    hygiene = here.effects.hygiene

    def clean(item: Finding) -> Finding:
        return item.but(message=hygiene.body(item.message), evidence=hygiene.redact(item.evidence))

    return catch.but(ranked=tuple(row.but(finding=clean(row.finding)) for row in catch.ranked))


def _stands(item: Finding) -> bool:
    named = re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", item.rule) is not None
    return named and bool(item.path) and not escape(item.path) and not item.fate.startswith(("fixed", "answered"))


def _rank(item: Finding) -> float:
    return round(20 * (SEVERITIES.index(item.severity) + item.confidence), 1)

"""audited: what Athena says of a delivered change goes to code scanning, where the owner switched that on."""

import re
from pathlib import Path

from factory.contracts.catch import Catch, Ranked, Rule
from factory.contracts.errors import Refusal
from factory.contracts.finding import SEVERITIES, Finding
from factory.contracts.run import Run
from factory.contracts.seams import Clock
from factory.edits.paths import escape
from factory.jobs.context import JobContext
from factory.jobs.scan import told
from factory.jobs.wire import CONFIG, site


def audited(
    context: JobContext, bundle: Path, digest: str, head: str, branch: str, *,
    config: Path = CONFIG, clock: Clock | None = None,
) -> int:  # fmt: skip
    """What Athena says of a change, for its branch as the ship job pushed it. Raises Refusal, HubProblem."""
    from factory.app import open_state
    from factory.handover.bundle import unpack
    from factory.places import state_folder

    here = site(context, config, clock)
    run = unpack(bundle, open_state(state_folder(context.environment)), context.workspace, digest)
    if run.id != here.ticket.run:
        raise Refusal("not_allowed", f"The bundle is of {run.id}, the ticket of {here.ticket.run}: it is not acted on.")
    return told(here, catch_of(run, head), branch, "audit")


def catch_of(run: Run, head: str) -> Catch:
    """Athena's findings that the delivered change still has, the worst first; what names no proper file is left out."""
    last = run.rounds[-1].findings if run.rounds else ()
    measured = run.evidence.findings if run.evidence else ()
    found = {item.id: item for item in (*measured, *last) if item.source.startswith("athena.") and _stands(item)}
    ranked = sorted((Ranked(finding=item, rank=_rank(item)) for item in found.values()), key=lambda row: -row.rank)
    rules = {item.rule: Rule(id=item.rule, title=item.rule, why=item.message[:2000], severity=item.severity,
                             category=item.category[:40]) for item in found.values()}  # fmt: skip
    return Catch(ref=run.repo.ref, commit=head, rules=tuple(rules.values()), ranked=tuple(ranked))


def _stands(item: Finding) -> bool:
    named = re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", item.rule) is not None
    return named and bool(item.path) and not escape(item.path) and not item.fate.startswith(("fixed", "answered"))


def _rank(item: Finding) -> float:
    return round(20 * (SEVERITIES.index(item.severity) + item.confidence), 1)

"""examine: the reviewers' look at a change that somebody else made. No plan, no fix, no verdict: findings only."""

from typing import Literal, NamedTuple

from factory.contracts.errors import Stopped, UsageProblem
from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.run import Run
from factory.stages.athena import with_audit
from factory.stages.intake import task_of
from factory.stages.review import athena, hydra, review
from factory.stages.shop import Shop
from factory.stages.verify import evidence_of

Eyes = Literal["all", "review", "security"]
"""Who looks: everybody, Hydra's lenses and Atlas, Athena's two auditors."""


class Looked(NamedTuple):
    run: Run
    findings: tuple[Finding, ...]
    silent: tuple[str, ...]  # reviewers that gave no readable answer


def examine(run: Run, shop: Shop, head: str, eyes: Eyes, tests: bool) -> Looked:
    """Findings on the change from the run's base to the tree `head`, worst first; failing tests are among them.

    Raises UsageProblem when both are the same tree, Stopped when no reviewer gave a readable answer.
    """
    if head == run.repo.tree:
        raise UsageProblem("There is nothing to review: both commits hold the same files.")
    run = run.but(task=task_of(run.event), plan=plan_for_review(), tree=head)
    unseen = Evidence(tree=head, base=run.repo.tree, tests_found=True, notes=("the checks were not run",))
    seen = evidence_of(run, shop, "verify", "") if tests else with_audit(unseen, run, shop, "verify", "")
    run = run.but(evidence=seen)
    assert run.evidence
    shop.journal.save(run, "verify")
    reading = hydra(shop.roster) | {"atlas.review": shop.roster.atlas_review} if eyes != "security" else {}
    auditing = athena(shop.roster) if eyes != "review" else {}
    who = reading | auditing
    found, silent = review(run, shop, 1, run.evidence.findings, who)
    if len(silent) == len(who):
        raise Stopped("model_unusable", "No reviewer gave a readable answer: `factory models test` tells more.")
    return Looked(run, (*(item for item in run.evidence.findings if item.serious), *found), silent)


def plan_for_review() -> Plan:
    """What a reviewer is told to hold a stranger's change against."""
    criterion = Criterion(id="A1", text="The change does what its description says and breaks nothing that worked.")
    unit = Unit(id="change", role="integration", title="The change under review", instructions="Review only.",
                owns=("**",), acceptance=("A1",))  # fmt: skip
    return Plan(summary="Review a change.", effort=5, acceptance=(criterion,), units=(unit,))

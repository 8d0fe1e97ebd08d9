"""examine: the reviewers' look at a change that somebody else made. No plan, no fix, no verdict: findings only."""

from typing import Literal

from factory.contracts.errors import UsageProblem
from factory.contracts.evidence import Evidence
from factory.contracts.finding import Finding
from factory.contracts.plan import Criterion, Plan, Unit
from factory.contracts.run import Run
from factory.stages.intake import task_of
from factory.stages.review import review
from factory.stages.shop import Shop
from factory.stages.verify import evidence_of

Eyes = Literal["all", "review", "security"]
"""Who looks: everybody, Hydra's lenses, Athena's two auditors."""


def examine(run: Run, shop: Shop, head: str, eyes: Eyes, tests: bool) -> tuple[Run, tuple[Finding, ...]]:
    """Findings on the change from the run's base to the tree `head`, worst first; failing tests are among them.

    Raises UsageProblem when both are the same tree.
    """
    if head == run.repo.tree:
        raise UsageProblem("There is nothing to review: both commits hold the same files.")
    run = run.but(task=task_of(run.event), plan=plan_for_review(), tree=head)
    unseen = Evidence(tree=head, base=run.repo.tree, tests_found=True, notes=("the checks were not run",))
    run = run.but(evidence=evidence_of(run, shop, "verify", "") if tests else unseen)
    assert run.evidence
    shop.journal.save(run, "verify")
    found = review(run, shop, 1, run.evidence.findings, eyes)
    return run, (*(item for item in run.evidence.findings if item.serious), *found)


def plan_for_review() -> Plan:
    """What a reviewer is told to hold a stranger's change against."""
    criterion = Criterion(id="A1", text="The change does what its description says and breaks nothing that worked.")
    unit = Unit(id="change", role="integration", title="The change under review", instructions="Review only.",
                owns=("**",), acceptance=("A1",))  # fmt: skip
    return Plan(summary="Review a change.", effort=5, acceptance=(criterion,), units=(unit,))

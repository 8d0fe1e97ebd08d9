"""Desks for the roles of one run."""

from dataclasses import dataclass

from factory.contracts.model import Tier
from factory.contracts.run import Run
from factory.contracts.seams import Desk, Scope
from factory.desk.desk import Workdesk
from factory.desk.machinery import Tools
from factory.llm.client import Account
from factory.settings import Settings


@dataclass(frozen=True)
class Desks:
    """Implements stages.shop.DeskMaker: the effort comes from the plan, the ceiling from the settings."""

    tools: Tools
    settings: Settings
    issue: str  # whose budget

    def __call__(
        self,
        role: str,
        scope: Scope,
        run: Run,
        *,
        ceiling: Tier | None = None,
        avoid: tuple[str, ...] = (),
        sample: int = 0,
        escalation: bool = False,
    ) -> Desk:
        effort = run.plan.effort if run.plan else run.task.effort if run.task else 5
        return Workdesk(
            self.tools, role, scope, Account(run=run.id, issue=self.issue), effort,
            ceiling or self.settings.line.ceiling, avoid=avoid, sample=sample, escalation=escalation,
        )  # fmt: skip

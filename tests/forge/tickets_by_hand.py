"""Tickets and rows made by hand."""

from decimal import Decimal

from factory.contracts.tables import BudgetSettings, GithubSettings
from factory.contracts.ticket import Ticket
from factory.settings import Settings

NOW = "2026-11-20T12:00:00Z"
SETTINGS = Settings()


def ticket(event: str = "issues labeled 7 x", **more: object) -> Ticket:
    facts: dict[str, object] = {
        "repo": "acme/shop", "purpose": "swarm", "event": event, "actor": "ann", "actor_id": 11, "role": "write",
        "issue": 7, "issued": NOW, "base": "main", "base_sha": "a" * 40,
    }  # fmt: skip
    return Ticket.model_validate({**facts, **more})


def limits(run: str | None = "2", issue: str | None = "5", day: str | None = "10", hourly: int = 5) -> Settings:
    def usd(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    budget = BudgetSettings(run_usd=usd(run), issue_usd=usd(issue), day_usd=usd(day))
    return Settings(budget=budget, github=GithubSettings(hourly=hourly))


class StillClock:
    """A clock whose sleep costs no time and is counted."""

    def __init__(self, now: str = NOW) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> str:
        return self.time

    def monotonic(self) -> float:
        return float(len(self.slept))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

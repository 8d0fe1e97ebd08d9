"""What starts by itself stays out of a task in quarantine, in whoever's name it comes."""

from factory.contracts.books import Row
from factory.contracts.ticket import Ticket
from factory.forge.quarantine import failures, refuses
from factory.settings import Settings
from tests.forge.reading import ASKED, REPO, SHA

SETTINGS = Settings()


def ticket(event: str) -> Ticket:
    return Ticket(repo=REPO, purpose="revise", event=event, actor="ann", actor_id=1, role="write", issue=0, pull=9,
                  seen=ASKED, base="main", base_sha=SHA, head="factory/9", head_sha=SHA, issued=ASKED)  # fmt: skip


def failed(n: int, event: str) -> list[Row]:
    facts = {"run": f"r{n}", "event": event, "purpose": "revise", "issue": 0, "pull": 9, "actor": "ann",
             "at": f"2026-11-20T12:0{n}:00Z"}  # fmt: skip
    return [Row.model_validate({"id": f"r{n}.0", "kind": "open", **facts}),
            Row.model_validate({"id": f"r{n}.0.close", "kind": "close", "state": "failed", **facts})]  # fmt: skip


def test_pip_09_checks_that_fail_are_the_machines_though_they_come_in_a_persons_name() -> None:
    """PIP-09: the watchdog sends a red head to be revised in the name of who asked last; no hand was lifted for it."""
    rows = [row for n in range(3) for row in failed(n, f"{REPO}#9 comment {n}")]
    assert refuses(rows, ticket(f"{REPO}#9 checks {SHA}"), SETTINGS)
    assert not refuses(rows, ticket(f"{REPO}#9 comment 4"), SETTINGS)


def test_pip_09_and_do_not_lift_it() -> None:
    """PIP-09"""
    rows = [row for n in range(3) for row in failed(n, f"{REPO}#9 comment {n}")]
    rows += failed(4, f"{REPO}#9 checks {SHA} 0123456789ab")
    assert failures(rows, rows[0], SETTINGS) == 4
    rows += failed(5, f"{REPO}#9 comment 5")
    assert failures(rows, rows[0], SETTINGS) == 1

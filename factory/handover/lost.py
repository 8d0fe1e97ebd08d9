"""The money of jobs that left nothing: nobody knows what they used, so all they might have used counts as used."""

from collections.abc import Sequence

from factory.contracts.run import Run
from factory.handover.bundle import State
from factory.handover.units import Arrived
from factory.ledger import travel
from factory.ledger.issue import issue_key


def book(arrived: Sequence[Arrived], run: Run, state: State, share: int) -> None:
    """`share` micro-dollars for each unit without a file; taken back when the unit comes after all."""
    day, n = state.clock.now()[:10], len(run.waves) + 1
    for each in arrived:
        origin = f"lost:{n}.{each.change.unit}"
        if each.came:
            travel.forget(state.db, run.id, origin)
        elif share:
            row = travel.SpendRow(
                origin=origin, day=day, role=each.change.role, endpoint="lost with its job", tier="local", kind="lost",
                state="reserved", cost=share, tokens=0, tokens_in=0, tokens_out=0, tokens_cached=0, seconds=0,
            )  # fmt: skip
            travel.rows_in(state.db, run.id, issue_key(run), (row,))

"""announced: the books know of a commit before a branch holds it.

A ship job may die between its push and its closing line. Whoever takes the task up later finds a branch that the books
explain: without this line it would be somebody else's work, which nothing may move. A theme of the hunt has no lease
and is not announced: what its dead ship job left, that job finishes when it runs again; another night leaves it alone.
"""

from factory.contracts.books import Row
from factory.contracts.seams import BranchForge
from factory.forge.accounts import leg_of
from factory.jobs.wire import Site


class Announced:
    """Implements BranchForge."""

    def __init__(self, branches: BranchForge, here: Site) -> None:
        self._branches, self._here = branches, here

    def branch(self, name: str) -> str:
        return self._branches.branch(name)

    def push(self, name: str, commit: str, expected: str) -> None:
        """Raises what `branches` raises, HubProblem when the books cannot be written: then nothing is pushed."""
        here, ticket = self._here, self._here.ticket

        def wanted(rows: tuple[Row, ...]) -> tuple[Row, ...]:
            leg = leg_of(rows, ticket.run, ticket.depth)
            if leg is None:
                return ()
            why = f"{commit[:12]} is about to be on {name}."
            opened = leg.open.but(ticket="", handover="", reserved=0, comment=0)
            return (opened.but(id=f"{opened.id}.push.{commit}", kind="note", at=here.now, head=commit, why=why),)

        here.books.append(wanted)
        self._branches.push(name, commit, expected)

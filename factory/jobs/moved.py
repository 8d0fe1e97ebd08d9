"""moved: a revision whose branch a person moved meanwhile goes on top of that person's work, or stops; never over it.

And one that would bring back what the branch held before is not shipped: somebody must say which of the two it is.
"""

from factory.contracts.errors import GitProblem, Stopped
from factory.contracts.run import Run
from factory.forge.remote import Remote
from factory.forge.rounds import heads
from factory.git import Store
from factory.handover.replay import is_ancestor, onto
from factory.jobs.wire import Site

_REF = "refs/factory/moved"
REPLAYED = "The branch moved to {head} while this was written. It was put on top of that, and the tests ran before."


def onto_branch(here: Site, run: Run, store: Store) -> Run:
    """The run on the branch's head as it is now. Raises Stopped('branch_moved')."""
    ticket = here.ticket
    if ticket.purpose != "revise":
        return run
    now = here.hub.pull(ticket.pull).head_sha
    if now == ticket.head_sha:
        return run
    if not Remote(store.folder, here.git_url, here.tokens.token()).fetch(f"refs/heads/{ticket.head}", _REF):
        raise Stopped("cancelled_by_human", f"The branch {ticket.head} was deleted: restore it, then ask again.")
    start = _before_ours(store, now, run.id)
    if start == ticket.head_sha:  # an earlier attempt of this job has pushed
        return run
    found = onto(store, run, start) if is_ancestor(store, ticket.head_sha, start) else None
    if found is None:
        raise Stopped(
            "branch_moved",
            f"Somebody else moved {ticket.head} to {start[:12]}, and this revision does not merge with it cleanly: "
            "their work stays. The artifact keeps the change; `/factory fix` begins anew from there.",
        )
    return found


def _before_ours(store: Store, head: str, run: str) -> str:
    """The commit below those that an earlier attempt of this very run pushed."""
    for _ in range(100):
        shown = store.git("show", "-s", "--format=%P%x00%B", head).decode(errors="replace")
        parents, _, message = shown.partition("\0")
        if f"\nFactory-Run: {run}\n" not in message or not parents:
            return head
        head = parents.split()[0]
    return head


def flapping(here: Site, run: Run, store: Store) -> str:
    """Why a revision is not shipped that makes the branch what it was before; "" = it does not."""
    if here.ticket.purpose != "revise":
        return ""
    others = [row for row in here.books.read().rows if row.run != run.id]  # an earlier attempt may have closed this one
    for commit in heads(others, here.ticket.pull):
        try:
            tree = store.git("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}").decode().strip()
        except GitProblem:  # it is not here: then it is none of this branch's
            continue
        if tree == run.tree:
            return (
                f"The branch would be again what it was at {commit[:12]}: people want two different things, or one "
                "thing twice. A person must decide; nothing was pushed."
            )
    return ""

"""Has this machine gone on from the record that came? Then its own record is the newer one."""

from factory.contracts.run import Run

ONCE = ("task", "pack", "plan", "evidence", "delivery")
GROWING = ("waves", "fixes", "fix_trees", "rounds")


def goes_on_from(known: Run, came: Run) -> bool:
    """Everything that `came` says is the beginning of what `known` says: the same plan, waves and rounds first."""
    if (known.repo.commit, known.event, known.settings) != (came.repo.commit, came.event, came.settings):
        return False
    for name in GROWING:
        mine, theirs = getattr(known, name), getattr(came, name)
        if mine[: len(theirs)] != theirs:
            return False
    further = known.rounds != came.rounds or known.waves != came.waves
    for name in ONCE:
        mine, theirs = getattr(known, name), getattr(came, name)
        changes = name in ("evidence", "delivery") and further and mine is not None
        if theirs is not None and mine != theirs and not changes:
            return False
    return bool(further or known.pending == came.pending or not came.pending)

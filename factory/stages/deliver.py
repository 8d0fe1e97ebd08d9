"""deliver: tree -> branch and pull request. Idempotent: what is there already is found and updated, never doubled."""

import re

from factory.contracts.errors import Stopped
from factory.contracts.run import Delivery, Pull, Run
from factory.render.pull import body, title
from factory.stages.commits import commits_of
from factory.stages.shop import Shop

# stops that leave verified work behind
KEEP = ("budget", "egress", "model_unusable", "no_model", "rate_limited", "wrong_key")


def deliver(run: Run, shop: Shop) -> Run:
    """Commits, branch, pull request, in this order; a draft unless it is `ready`."""
    commits = commits_of(run, shop.trees)
    name, head = run.event.branch or branch_name(run), commits[-1].sha
    existing = shop.branches.branch(name)
    start = run.repo.commit if run.event.branch else ""  # a revision goes on from where the branch was
    before = run.delivery.commits[-1].sha if run.delivery else start
    if before and not existing:
        raise Stopped("cancelled_by_human", f"The branch {name} was deleted: restore it, then ask again.")
    ours = (before, *run.replaces, *(commit.sha for commit in commits))  # earlier states of this task's
    if existing and existing not in ours:
        raise Stopped(
            "branch_moved", f"The branch {name} was changed by somebody else: merge it or rename it, then resume."
        )
    if existing != head:
        shop.journal.check(run.id)
        shop.branches.push(name, head, existing)
    run = run.but(delivery=Delivery(branch=name, commits=commits, rounds=len(run.rounds)))
    draft = shop.hold or not ready(run)
    if run.event.pull:  # somebody's pull request is there: its words stay as they are
        pull = Pull(number=run.event.pull, url="", draft=draft, title=title(run), branch=name,
                    base=run.repo.ref)  # fmt: skip
        return run.but(delivery=Delivery(branch=name, commits=commits, pull=pull, rounds=len(run.rounds)))
    marker = shop.mark(run.origin, "pull")
    text = body(shop.story(run), marker)
    shop.journal.check(run.id)
    found = shop.pulls.find(marker)
    if found:
        pull = shop.pulls.update(found.number, title(run), text, draft)
    else:
        pull = shop.pulls.open(title(run), text, name, run.repo.ref, draft)
    return run.but(delivery=Delivery(branch=name, commits=commits, pull=pull, rounds=len(run.rounds)))


def delivered(run: Run) -> bool:
    """What lies on the forge is what the last round left."""
    return run.delivery is not None and run.delivery.pull is not None and run.delivery.rounds == len(run.rounds)


def worth_keeping(run: Run) -> bool:
    """Was a checked candidate there when the run had to stop? Paid work goes to the forge as a draft."""
    return bool(run.stopped and run.stopped.reason in KEEP and run.evidence and not delivered(run))


def ready(run: Run) -> bool:
    """May a person merge it after reading? The judge accepts; without one: tests green, no new lint or types."""
    if run.task and run.task.mechanical:
        seen = run.evidence
        return bool(seen and seen.green and not any(item.source in ("lint", "types") for item in seen.findings))
    return bool(run.rounds) and run.rounds[-1].decision == "accept"


def branch_name(run: Run) -> str:
    """`factory/<issue>-<slug>-<key8>`: only letters, digits and dashes of the title get in."""
    assert run.task
    slug = re.sub(r"[^a-z0-9]+", "-", run.task.title.lower()).strip("-")[:40].strip("-") or "change"
    return f"factory/{run.task.number}-{slug}-{run.key}"

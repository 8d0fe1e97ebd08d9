"""A soak: tasks side by side, jobs that die at random, answers that are lost, late or refused; in the end all is there,
once. `SOAK_KILLS` and `SOAK_SEED` choose how much and which; the seed is printed."""

import json
import os
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from factory.contracts.books import Row
from factory.contracts.errors import FactoryError
from factory.forge.accounts import legs
from factory.jobs.watch import watch
from factory.memory.lines import Bad, fact, read
from tests.jobs.handed import FILES
from tests.jobs.place import Place, place
from tests.line.targets import git, repository
from tests.line.test_ways import REVIEWS, verdict
from tests.soak.chaos import Chaos
from tests.soak.processes import SharedClock
from tests.soak.workflow import Delivery, labelled

pytestmark = pytest.mark.soak
KILLS = int(os.environ.get("SOAK_KILLS", "60"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or int(time.time())
PARTS = 2  # worlds, one a core
ABREAST = 3  # tasks side by side
MARK = re.compile(r"run=(\S+) kind=(\S+)")
EDIT = (
    "### edit app.py\n<<<<<<< SEARCH\ndef one():\n    return 1\n=======\n"
    "def one():\n    return 1\n\n\ndef two():\n    return 2\n>>>>>>> REPLACE\n"
)
SETTINGS = """
[endpoints.box]
wire = "scripted"
script = "box.json"
model = "recorded"
[line]
coding = "write"
[checks]
lint = false
[github]
hourly = 1000
[budget]
run_usd = 2
issue_usd = 20
day_usd = 100000
"""
FIX = [
    {"role": "integration", "text": EDIT, "repeat": True},
    verdict("ACCEPT", evidence=[{"criterion": "A1", "shown_by": ["fix"]}]),
    *REVIEWS,
]


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_dies_and_whatever_is_lost_each_thing_is_there_once(tmp_path: Path, part: int) -> None:
    """CRS-02: random kills over whole chains, with lost, doubled and late answers."""
    seed = SEED * PARTS + part
    print(f"soak: seed {SEED}, part {part}")
    clock, chaos = SharedClock(), Chaos(seed, -(-KILLS // PARTS))
    with place(tmp_path, lambda where: repository(where, FILES), clock, chaos) as here:
        (here.clone / "box.json").write_text(json.dumps({"label": "soak", "replies": FIX}))
        (here.clone / "factory.toml").write_text(SETTINGS)
        numbers: list[int] = []
        with ThreadPoolExecutor(ABREAST) as pool:
            while not chaos.over:
                fresh = [here.issue(f"Task {len(numbers) + n}") for n in range(ABREAST)]
                numbers += fresh
                list(pool.map(lambda number: task(here, chaos, clock, number), fresh))
                clock.sleep(3600)  # GitHub's rate limits are by the hour, and so is the watchdog
                with suppress(FactoryError):
                    watch(here.job(here.ticket(1), "watch", event="schedule"), clock=clock)
        killed = chaos.kills
        chaos.well()
        two_days_later(here, clock)
        faults = Counter(kind for kind, _, _ in chaos.struck)
        print(f"soak: seed {SEED}, part {part}: {killed} kills, {len(numbers)} tasks, {dict(faults)}")
        problems = [problem for number in numbers for problem in of_task(here, number)] + of_all(here)
        assert not problems, f"seed {SEED}, part {part}:\n" + "\n".join(problems)
        assert killed >= KILLS // PARTS
        assert here.hub.violations == []


def task(here: Place, chaos: Chaos, clock: SharedClock, number: int) -> None:
    """One label, delivered once or twice; run again where jobs died, or left alone by everybody."""
    purpose = "demiurge" if chaos.lot(0.5) else "swarm"
    payload = labelled(here, number, f"agent:{purpose}")
    patient = not chaos.lot(0.1)
    first = Delivery(here, chaos, clock, payload, purpose, here.next_run(), patient)
    if chaos.lot(0.3):
        second = Delivery(here, chaos, clock, payload, purpose, here.next_run(), patient)
        with ThreadPoolExecutor(2) as pool:
            through, _ = pool.map(Delivery.play, (first, second))
    else:
        through = first.play()
    if through and chaos.lot(0.2):
        first.again()


def two_days_later(here: Place, clock: SharedClock) -> None:
    """What nobody took up is closed by the watchdog."""
    clock.sleep(3600)
    for hours in (48, 1):
        assert watch(here.job(here.ticket(1), "watch", event="schedule"), clock=clock) == 0
        clock.sleep(hours * 3600)
    assert watch(here.job(here.ticket(1), "watch", event="schedule"), clock=clock) == 0


def rows_of(here: Place) -> list[Row]:
    return [Row.model_validate(row) for row in here.ledger()]


def of_task(here: Place, number: int) -> list[str]:
    """What is wrong with one task."""
    mine = [row for row in rows_of(here) if row.issue == number]
    runs = {row.run for row in mine if row.kind == "open"}
    said = here.comments(number)
    found = [f"{len(runs)} runs"] if len(runs) > 1 else []
    found += [f"a lease is left: {leg.open.id}" for leg in legs(mine) if leg.close is None]
    spent = sum(leg.money for leg in legs(mine))
    found += [f"{spent} spent"] if spent > 20_000_000 else []
    last = {leg.open.run: leg.close for leg in legs(mine)}
    status = [text for text in said if "kind=status" in text]
    for close in last.values():
        over = not status or "At work" not in status[-1]
        lost = any("kind=lost" in text or "kind=over" in text for text in said)
        found += [] if close and ((over and status) or lost) else [f"no end is said of {close and close.id}"]
        if close and close.state in ("done", "draft"):
            found += delivered(here, close)
    return [f"#{number}: {problem}" for problem in found]


def delivered(here: Place, close: Row) -> list[str]:
    pull = here.repo.issues.get(close.pull_made)
    if pull is None or pull.pull is None:
        return [f"pull request {close.pull_made} of {close.id} is not there"]
    head = git(here.repo.folder, "for-each-ref", "--format=%(objectname)", f"refs/heads/{pull.pull.head}")
    if head != close.head:
        return [f"the branch of #{pull.number} is at {head}, not at {close.head}"]
    text = git(here.repo.folder, "show", f"{head}:app.py")
    return [] if "def two()" in text else [f"the work is not on the branch of #{pull.number}"]


def of_all(here: Place) -> list[str]:
    """What there is twice."""
    named = Counter(row["id"] for row in here.ledger())
    marks: Counter[tuple[object, ...]] = Counter()
    for issue in here.repo.issues.values():
        texts = [each.body for each in issue.comments]
        texts += [each.body for each in issue.pull.reviews] if issue.pull else []
        marks.update((issue.number, *found.groups()) for text in texts for found in MARK.finditer(text))
        marks.update(("body", *found.groups()) for found in MARK.finditer(issue.body))
    sent = Counter(
        each.payload["client_payload"]["run"] for each in here.hub.events if each.name == "repository_dispatch"
    )
    heads = Counter(each.pull.head for each in here.repo.issues.values() if each.pull)
    branches = git(here.repo.folder, "for-each-ref", "--format=%(refname:short)", "refs/heads/factory").split()
    orphans = [name for name in branches if name not in heads]
    found = [f"twice: {what}" for many in (named, marks, sent, heads, remembered(here)) for what, n in many.items()
             if n > 1]  # fmt: skip
    return found + [f"a branch without a pull request: {name}" for name in orphans]


def remembered(here: Place) -> Counter[str]:
    if not git(here.repo.folder, "for-each-ref", "refs/heads/factory-memory"):
        return Counter()
    names = git(here.repo.folder, "ls-tree", "--name-only", "factory-memory").split()
    raw = "\n".join(git(here.repo.folder, "show", f"factory-memory:{name}") for name in names).encode()
    return Counter(str(fact(line)) for line in read(raw, here.clock.epoch() + 86_400) if not isinstance(line, Bad))

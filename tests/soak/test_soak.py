"""A soak: tasks side by side, jobs that die at random, answers that are lost, late or refused; in the end all is there,
once, and no limit was passed at any moment.

`SOAK_KILLS` and `SOAK_SEED` choose how much and which; the seed is printed.
"""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from factory.contracts.errors import FactoryError
from factory.jobs.watch import watch
from factory.llm.providers.script import Script
from factory.serve.scripted import serving
from tests.jobs.handed import FILES
from tests.jobs.place import Place, place
from tests.line.targets import repository
from tests.line.test_ways import REVIEWS, verdict
from tests.soak.chaos import Chaos
from tests.soak.ends import of_all, of_task, rows_of, two_days_later
from tests.soak.money import MILLION, PRICE, Auditor, Caps
from tests.soak.processes import SharedClock
from tests.soak.tell import told
from tests.soak.workflow import Delivery, labelled

pytestmark = pytest.mark.soak
KILLS = int(os.environ.get("SOAK_KILLS", "60"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or int(time.time())
PARTS = 2  # worlds, one a core
ABREAST = 3  # tasks side by side
EDIT = (
    "### edit app.py\n<<<<<<< SEARCH\ndef one():\n    return 1\n=======\n"
    "def one():\n    return 1\n\n\ndef two():\n    return 2\n>>>>>>> REPLACE\n"
)
SETTINGS = """
[endpoints.box]
wire = "openai"
url = "{url}/v1"
model = "scripted"
price_in = {price}
price_out = {price}
[line]
coding = "write"
[checks]
lint = false
[github]
hourly = {caps.hourly}
[budget]
run_usd = {caps.run}
issue_usd = {caps.issue}
day_usd = {caps.day}
"""
CAPS = Caps(run=2, issue=3, day=9, hourly=4)  # a day and an hour are used up now and then
FIX = [
    {"role": "integration", "text": EDIT, "repeat": True},
    verdict("ACCEPT", evidence=[{"criterion": "A1", "shown_by": ["fix"]}]),
    *REVIEWS,
]


class Soak:
    """One world, and what is delivered in it."""

    def __init__(self, here: Place, chaos: Chaos, clock: SharedClock) -> None:
        self.here, self.chaos, self.clock = here, chaos, clock
        self.runs: dict[int, list[int]] = {}  # workflow runs by issue
        self.paid = 0  # micro-dollars, by boxes
        self.wrong: list[str] = []

    def round(self) -> None:
        """Some tasks side by side, the watchdog, and a pause."""
        here, before = self.here, len(self.here.ledger())
        fresh = [here.issue(f"Task {len(self.runs) + n}") for n in range(ABREAST)]
        self.runs |= {number: [] for number in fresh}
        with ThreadPoolExecutor(ABREAST) as pool:
            list(pool.map(self.task, fresh))
        used_up = any("day_usd" in row.get("why", "") for row in here.ledger()[before:])
        for hours in (3, 3, 3, 3) if used_up else (1.0 if self.chaos.lot(0.6) else 0.2,):  # on to the next day
            self.clock.sleep(hours * 3600)
            with suppress(FactoryError):
                watch(here.job(here.ticket(1), "watch", event="schedule"), clock=self.clock)

    def task(self, number: int) -> None:
        """One label, delivered once or twice; run again where jobs died, or left alone by everybody."""
        lot = self.chaos.lot
        purpose = "demiurge" if lot(0.5) else "swarm"
        payload = labelled(self.here, number, f"agent:{purpose}")
        many = 2 if lot(0.3) else 1
        patient = not lot(0.1)
        made = [
            Delivery(self.here, self.chaos, self.clock, payload, purpose, self.here.next_run(), patient)
            for _ in range(many)
        ]
        self.runs[number] += [each.run for each in made]
        with ThreadPoolExecutor(many) as pool:
            through, *_ = pool.map(Delivery.play, made)
        if through and lot(0.2):
            made[0].again()
        for each in made:
            self.paid += each.paid
            self.wrong += each.wrong
        if patient and {each.code for each in made} == {"budget"}:
            said = any("kind=refused" in text or "kind=status" in text for text in self.here.comments(number))
            self.wrong += [] if said else [f"#{number}: nobody was told that there is no money"]


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_dies_and_whatever_is_lost_each_thing_is_there_once(tmp_path: Path, part: int) -> None:
    """CRS-02: random kills over whole chains, with lost, doubled and late answers."""
    seed = SEED * PARTS + part
    print(f"soak: seed {SEED}, part {part}")
    clock, chaos = SharedClock(), Chaos(seed, -(-KILLS // PARTS))
    script = Script.model_validate({"label": "soak", "replies": FIX})
    with serving(script) as url, place(
        tmp_path / "world", lambda where: repository(where, FILES), clock, chaos
    ) as here:  # fmt: skip
        (here.clone / "factory.toml").write_text(SETTINGS.format(caps=CAPS, price=PRICE, url=url))
        soak, books = Soak(here, chaos, clock), Auditor(here, CAPS)
        chaos.pushed = books
        while not chaos.enough:
            soak.round()
        killed = chaos.kills
        chaos.well()
        two_days_later(here, clock)
        faults = Counter(kind for kind, _, _ in chaos.struck)
        refused = Counter(row.id.partition(".")[0] for row in rows_of(here) if row.kind == "refused")
        print(f"soak: seed {SEED}, part {part}: {killed} kills, {len(soak.runs)} tasks, {dict(faults)}")
        print(f"soak: boxes paid ${soak.paid / MILLION}; of the limits {books.most}; refused {dict(refused)}")
        problems = [problem for number in soak.runs for problem in of_task(here, number)] + of_all(here)
        problems += soak.wrong + books.wrong
        assert not problems, f"seed {SEED}, part {part}:\n" + told(here, chaos, problems, soak.runs)
        assert killed >= KILLS // PARTS
        assert here.hub.violations == []
        assert books.most["run_usd"] > 0, "no money moved"

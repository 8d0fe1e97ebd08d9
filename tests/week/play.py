"""Plays the week: nights, outages, people; then what came of every task."""

import time
from pathlib import Path

from factory.simulator.expressions.evaluator import Expressions
from tests.week.people import Agenda, People
from tests.week.report import Outcome, outcome_of
from tests.week.tasks import tasks
from tests.week.world import Outage, world

HUNT, WATCH = "17 5 * * *", "43 * * * *"
BOXES = (Outage("the boxes are switched off", 33.0, 45.0),)
HUB = (Outage("GitHub answers 502", 63.0, 63.5),)
PROVIDER = (Outage("the provider of the second judge answers 500", 81.0, 90.0),)
END = 7 * 24.0


def play(folder: Path, evaluator: Expressions, most: int = 40) -> Outcome:
    """A week from Monday to Sunday. `most`: only so many of the tasks, for a quick look."""
    began = time.monotonic()
    with world(folder, evaluator, BOXES, HUB, PROVIDER) as here:
        agenda = Agenda()
        people = People(here, agenda)
        people.plan_the_week()
        agenda.rows = agenda.rows[:most]
        for day in range(7):
            agenda.at(day * 24 + 5 + 17 / 60, lambda: here.tick(HUNT))
            for hour in (1, 10, 14, 19):
                agenda.at(day * 24 + hour + 43 / 60, lambda: here.tick(WATCH))
        for hours in (
            12.0,
            20.0,
            46.0,
            65.0,
            92.0,
            150.0,
        ):  # a person looks twice on Monday, after outages, on Saturday
            agenda.at(hours, lambda: revive(people))
        while agenda.rows and agenda.rows[0][0] <= END:
            hours, acts = agenda.next()
            here.clock.until(hours)
            for act in acts:
                act()
            here.settle()
            people.look()
        return outcome_of(here, people, tasks()[:most], began)


def revive(people: People) -> None:
    """`/factory retry` on every issue whose run failed. What had no money waits, and begins by itself."""
    from tests.simulator import parts

    town = people.world.town
    rows = parts.books(town)
    for task in tasks():
        number = people.issues.get(task.number, 0)
        ends = [row for row in rows if row.kind == "close" and row.issue == number]
        if number and task.kind != "rubbish" and ends and ends[-1].state in ("failed", "parked"):
            people.insist(number)

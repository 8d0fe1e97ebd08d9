"""A working day of five developers as requests: people, agents' tool loops, a nightly batch. Made from a seed.

    python -m benchmarks.arrivals           writes benchmarks/data/arrivals.csv anew

What is assumed: five people between 9:00 and 18:00 with a break at noon; a person thinks 20 to 180 s between two
questions and is away for a while after a few; every fourth question starts an agent of 8 to 40 steps, each after the
answer to the last one and 1 to 6 s of tool work. Small edits and small agents ask `fast`, everyday work and most agents
`coder`, hard questions `reasoner`. At 19:00 a batch of 400 requests comes for `coder` and `reasoner` in mixed order.

The file: a request comes `at_s` seconds after 9:00, or after the end of the request named in `after`.
"""

import csv
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.box import Arrival

SEED = 20261121
PEOPLE = 5
HOUR = 3600.0
PATH = Path(__file__).parent / "data" / "arrivals.csv"
LASTS = {"fast": (1.0, 6.0), "coder": (4.0, 25.0), "reasoner": (15.0, 90.0)}  # seconds of an answer, least and most
MODELS = tuple(LASTS)
EFFORT = {"fast": 2, "coder": 5, "reasoner": 8}


def day(seed: int = SEED) -> list[Arrival]:
    """All requests of the day."""
    found = [each for person in range(PEOPLE) for each in _person(random.Random(f"{seed} {person}"), person)]
    found += _batch(random.Random(f"{seed} batch"))
    return found


def _person(chance: random.Random, person: int) -> Iterator[Arrival]:
    now, number = chance.uniform(0, 0.5 * HOUR), 0
    while now < 9 * HOUR:
        if 3 * HOUR <= now < 3.75 * HOUR:  # noon
            now = 3.75 * HOUR + chance.uniform(0, 900)
        for _ in range(chance.randint(2, 7)):  # one sitting
            name, number = f"p{person}.{number}", number + 1
            if chance.random() < 0.25:
                loop = list(_agent(chance, name, now))
                yield from loop
                now += sum(each.lasts + 3.5 for each in loop)  # about: how long it takes depends on the box
            else:
                yield _request(chance, name, now, chance.choices(MODELS, (5, 4, 1))[0])
            now += chance.uniform(20, 180)
        now += chance.expovariate(1 / 700)  # a meeting, reading, coffee


def _agent(chance: random.Random, name: str, start: float) -> Iterator[Arrival]:
    """A tool loop: each step follows the answer to the one before; a hard question now and then."""
    usual = chance.choices(MODELS, (4, 6, 0))[0]
    at, after = start, ""
    for step in range(chance.randint(8, 40)):
        model = "reasoner" if chance.random() < 0.06 else usual
        made = _request(chance, f"{name}.{step}", at, model, after)
        yield made
        at, after = chance.uniform(1, 6), made.id


def _batch(chance: random.Random) -> Iterator[Arrival]:
    """Nightly review: it all comes within half an hour."""
    for number in range(400):
        model = chance.choices(("coder", "reasoner"), (4, 1))[0]
        yield _request(chance, f"n.{number}", 10 * HOUR + chance.uniform(0, 1800), model)


def _request(chance: random.Random, name: str, at: float, model: str, after: str = "") -> Arrival:
    least, most = LASTS[model]
    lasts = round(chance.triangular(least, most, least), 1)
    return Arrival(round(at, 1), name, model, lasts, EFFORT[model], after=after)


def write(arrivals: Sequence[Arrival], path: Path = PATH) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("at_s", "after", "id", "model", "lasts_s", "effort"))
        rows.writerows((each.at, each.after, each.id, each.model, each.lasts, each.effort) for each in arrivals)


def read(path: Path = PATH) -> list[Arrival]:
    """The published day."""
    with path.open(newline="") as file:
        return [
            Arrival(float(at), name, model, float(lasts), int(effort), after=after)
            for at, after, name, model, lasts, effort in list(csv.reader(file))[1:]
        ]


if __name__ == "__main__":
    write(day())
    print(f"{PATH}: {len(day())} requests")
    sys.exit(0)

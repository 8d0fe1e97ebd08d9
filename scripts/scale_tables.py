"""The tables of docs/scale.md: how long requests wait, from measured speeds and Erlang's formula."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from factory.serve.erlang import servers_for, waiting

ANSWER = 256  # tokens of one answer, as in the measurements
RATES = (5, 10, 20, 40, 80, 160)  # requests a minute
BETWEEN_S = 20.0  # an agent's tools and tests between two requests
BEARABLE_S = 30.0  # p95 of the wait


@dataclass(frozen=True)
class Setup:
    """`total`: tokens a second of all requests together while `at_once` of them are answered, 16K tokens in each."""

    name: str
    at_once: int
    total: float
    boxes: int = 1

    @property
    def service_s(self) -> float:
        """One answer's time in its place, at that many at once."""
        return ANSWER * self.at_once / self.total

    @property
    def places(self) -> int:
        return self.at_once * self.boxes


DENSE, SPARSE = "27B INT4", "35B-A3B INT4"
SETUPS = (
    Setup(f"{DENSE}, 2 at once", 2, 104),
    Setup(f"{DENSE}, 4 at once", 4, 88),
    Setup(f"{DENSE}, 8 at once", 8, 54),
    Setup(f"{SPARSE}, 2 at once", 2, 246),
    Setup(f"{SPARSE}, 16 at once", 16, 272),
    Setup(f"{SPARSE}, 16 at once, 2 boxes", 16, 272, 2),
    Setup(f"{SPARSE}, 16 at once, 4 boxes", 16, 272, 4),
)


def waits() -> str:
    """p95 of the wait for a place, by requests a minute."""
    head = ("2x3090 a box", "s an answer", "most a minute", *(f"{rate}/min" for rate in RATES))
    rows = []
    for each in SETUPS:
        most = each.places / each.service_s * 60
        waited = [waiting(each.places, rate / 60, each.service_s).p95_s for rate in RATES]
        rows.append((each.name, f"{each.service_s:.1f}", f"{most:.0f}", *map(_seconds, waited)))
    return _table(head, rows)


def pooled() -> str:
    """The same boxes, each with its own queue, and behind one gateway."""
    box = next(each for each in SETUPS if each.at_once == 16 and each.boxes == 1)
    rows = []
    for boxes in (2, 4):
        for part in (0.7, 0.9):
            rate = part * boxes * box.places / box.service_s
            apart, together = (
                waiting(box.places, rate / boxes, box.service_s), waiting(box.places * boxes, rate, box.service_s)
            )  # fmt: skip
            cells = (f"{100 * apart.waits:.0f} %", _seconds(apart.p95_s), f"{100 * together.waits:.0f} %")
            rows.append((str(boxes), f"{100 * part:.0f} %", *cells, _seconds(together.p95_s)))
    return _table(("boxes", "busy", "wait at all, apart", "p95", "wait at all, together", "p95"), rows)


def needed() -> str:
    """Boxes for so many agents at work."""
    box = next(each for each in SETUPS if each.at_once == 16 and each.boxes == 1)
    rows = []
    for agents in (5, 10, 20, 40, 80, 160):
        rate = agents / (box.service_s + BETWEEN_S)
        places = servers_for(rate, box.service_s, BEARABLE_S)
        rows.append((str(agents), f"{60 * rate:.0f}", str(places), str(math.ceil(places / box.places))))
    return _table(("agents at work", "requests a minute", "places", "boxes"), rows)


def _seconds(value: float) -> str:
    if math.isinf(value):
        return "grows"
    return "0" if value < 0.5 else f"{value:.0f} s"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

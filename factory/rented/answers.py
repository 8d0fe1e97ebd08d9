"""What the gateway hears of a rented machine: it may go there, must wait, or is told why not."""

from typing import Literal

from factory.contracts.record import Record

Shown = Literal["off", "launching", "up", "idle", "destroying"]


class Seat(Record):
    """It is up: base URL of an OpenAI server on loopback, with /v1."""

    url: str


class Starting(Record):
    """It is on its way; until then the request goes to the next of its chain, or waits."""

    eta_s: float  # expected, from what the last start took


class Refused(Record):
    """It will not come for this request, and why."""

    sentence: str


class RentedStatus(Record):
    """One table of [rented] for the status page. Money in micro-dollars, times in seconds."""

    name: str
    model: str
    gpus: str
    phase: Shown
    why: str
    hour: int  # what the machine costs an hour; 0 = none is rented
    up_s: float  # since it was ordered
    idle_s: float  # without a request
    sleeps_s: float | None  # until it is destroyed if nobody asks; None: it is not up, or always on
    spent: int  # today, reserved hours included
    cap: int  # of the day
    starts: int  # orders within the last hour
    running: int  # requests there now

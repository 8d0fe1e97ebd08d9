"""What a person may order of a running fleet through the server's port, and how it is answered. Blocking: in a thread.

    GET  /factory/fleet      → FleetStatus
    POST /factory/profile    {"name": …} → Switch, also when it was rolled back
    POST /factory/lease      a Lease, on no card or the one it must be → the Lease as granted, once there is room

Errors are {"error": {"message": …}}: 400 for a bad order, 409 for one that cannot be met as things are.
"""

import json
from concurrent.futures import CancelledError

from factory.contracts.errors import FactoryError, UsageProblem
from factory.contracts.record import Json, Record, ValidationError, problems
from factory.gpu.device import GIB
from factory.gpu.fleet import Fleet
from factory.gpu.lease import MOST_GIB, PREFIX, Lease

PATHS = ("/factory/fleet", "/factory/profile", "/factory/lease")


class Chosen(Record):
    """The body of an order for another profile."""

    name: str


def answer(fleet: Fleet, method: str, path: str, body: bytes) -> tuple[int, Json]:
    """(HTTP status, JSON) of one order; only for callers on this machine: a lease is bound to a pid of it."""
    try:
        match method, path:
            case "GET", "/factory/fleet":
                return _said(fleet.status())
            case "POST", "/factory/profile":
                return _said(fleet.profile(Chosen.from_json(body).name))
            case "POST", "/factory/lease":
                return _said(_lent(fleet, Lease.from_json(body)))
        return _problem(404, f"There is no {method} {path[:100]}; there are: {', '.join(PATHS)}.")
    except ValidationError as error:
        return _problem(400, f"The order is not understood: {'; '.join(problems(error))[:500]}.")
    except UsageProblem as error:
        return _problem(400, str(error))
    except FactoryError as error:
        return _problem(409, str(error))


def _lent(fleet: Fleet, wanted: Lease) -> Record:
    """Waits for room; whoever asked may go away meanwhile, which ends the wait."""
    if not wanted.id.startswith(PREFIX) or not wanted.id.removeprefix(PREFIX).isalnum() or len(wanted.id) > 64:
        raise UsageProblem("A lease's id is `lease-` and letters or digits.")
    if wanted.bytes > MOST_GIB * GIB or not wanted.alive:
        raise UsageProblem("The lease's process is not running on this machine, or it asks for more than any card has.")
    try:
        return fleet.lease(wanted).result()
    except CancelledError:
        raise UsageProblem("The lease was given up while it waited.") from None


def _said(found: Record) -> tuple[int, Json]:
    value: Json = json.loads(found.to_json())
    return 200, value


def _problem(status: int, message: str) -> tuple[int, Json]:
    return status, {"error": {"message": message}}

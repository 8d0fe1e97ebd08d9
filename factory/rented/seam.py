"""The seam to whoever rents machines out, and the records that cross it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, Protocol

from factory.contracts.errors import FactoryError
from factory.contracts.record import Field, Record
from factory.contracts.rented import RentedSettings

PREFIX = "dark-factory-"
"""Every machine of ours carries a label that begins so; nothing else is ever touched."""

State = Literal["starting", "up", "stopped", "gone"]
"""starting: billed or not, it does not answer yet. up: its model answers. stopped: outbid or halted, its storage
still bills. gone: there is no such machine and nothing bills."""


class RentalProblem(FactoryError):
    """A call to the cloud failed or was not answered; what it was to do may have happened all the same."""


class NoOffer(RentalProblem):
    """The cloud said no, and nothing was rented."""


class Quote(Record):
    """What a machine costs an hour, storage included."""

    hour_usd: Decimal = Field(gt=0)
    what: str = ""  # the offer, in the cloud's words


class Machine(Record):
    """A rented machine. Its label says whose it is, see `owner`; the id is the cloud's own."""

    label: str
    id: str = ""
    since: float = 0  # when it was made, seconds of the epoch; 0 = the cloud does not say
    hour_usd: Decimal | None = None  # what it really costs, where the cloud says it


class Standing(Record):
    """How a machine stands."""

    state: State
    hour_usd: Decimal | None = None
    why: str = ""


class Provisioner(Protocol):
    """Rents machines. Each call ends by itself in bounded time; RentalProblem means: not known whether it was done."""

    def quote(self, rented: RentedSettings) -> Quote:
        """The price now. Raises NoOffer."""
        ...

    def launch(self, rented: RentedSettings, label: str) -> Machine:
        """Order a machine and return at once; `status` tells when it is up. Raises NoOffer when nothing was rented."""
        ...

    def status(self, machine: Machine) -> Standing: ...

    def endpoint(self, machine: Machine) -> str:
        """Base URL of the model's server, on this machine's loopback. Raises RentalProblem while there is none."""
        ...

    def destroy(self, machine: Machine) -> None:
        """End it and all that it bills. No error when it is gone already."""
        ...


class Labelled(Protocol):
    """Lists and ends machines by label, whoever made them: all that a reaper needs."""

    def labelled(self) -> Sequence[Machine]:
        """Every machine whose label begins with PREFIX, running or not."""
        ...

    def destroy(self, machine: Machine) -> None: ...


class Renter(Provisioner, Labelled, Protocol):
    """Both, for the keeper."""


def label_of(gateway: str, name: str) -> str:
    """The label of a gateway's machine: the same for every start, so that there is never a second one."""
    return f"{PREFIX}{gateway}-{name}"


def owner(label: str) -> tuple[str, str]:
    """The gateway and the table's name in a label; ("", "") when it is not one of ours."""
    gateway, _, name = label.removeprefix(PREFIX).partition("-")
    return (gateway, name) if label.startswith(PREFIX) and gateway and name else ("", "")

"""factory gpu lease"""

import os
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from factory.cli.options import Config

if TYPE_CHECKING:
    from factory.gpu.lease import Lease
    from factory.settings import Settings


def lease(
    command: Annotated[list[str], typer.Argument(help="The program and its arguments, after --.")],
    gib: Annotated[float, typer.Option(help="Memory of one card that it takes, GiB.")],
    card: Annotated[int | None, typer.Option(help="The card's index; else one that has room.")] = None,
    config: Config = None,
) -> int:
    """Run another program (images, training) with borrowed memory of a card. Its exit code is the command's.

    A running server makes room, models in use finish first. The lease ends with the program, however it ends.
    """
    import shutil

    from factory.cli.options import settings_for
    from factory.contracts.errors import UsageProblem
    from factory.gpu.lease import asked
    from factory.gpu.owner import owner

    program = shutil.which(command[0])
    if program is None:
        raise UsageProblem(f"There is no program {command[0]!r}: write it after `--`, as in -- python train.py.")
    granted = _granted(settings_for(config, None), asked(gib, card, owner(), " ".join(command)))
    print(f"factory: {granted.id}, {gib:g} GiB of card {granted.cards[0]}", file=sys.stderr, flush=True)
    _become(program, command, granted)


def _granted(settings: "Settings", wanted: "Lease") -> "Lease":
    """From the running server; where there is none, from the memory that is free now."""
    from factory.gpu.device import device_for
    from factory.gpu.lease import Lease, Leases
    from factory.gpu.port import order
    from factory.places import state_folder

    found = order(settings.serve, os.environ, "POST", "/factory/lease", wanted.to_json())
    if found is not None:
        return Lease.model_validate(found)
    return Leases(state_folder()).take(device_for(os.environ), settings.cards, wanted)


def _become(program: str, command: list[str], granted: "Lease") -> NoReturn:
    """This process becomes the command: the lease is bound to its pid, so nothing can be left behind when it ends."""
    import signal

    from factory.contracts.errors import UsageProblem
    from factory.gpu.engines.launch import on_cards

    for name in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what it ignores is inherited
        signal.signal(name, signal.SIG_DFL)
    sys.stdout.flush()
    environment = {**os.environ, **on_cards(granted.cards), "FACTORY_LEASE": granted.id}
    try:
        os.execve(program, command, environment)  # noqa: S606  (no shell is meant)
    except OSError as error:
        raise UsageProblem(f"{program} cannot be run ({error.strerror}).") from None

"""Ends machines that nobody keeps: a second pair of eyes that shares nothing with the gateway but a folder to read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from factory.contracts.record import Record
from factory.ledger.process import alive
from factory.rented.held import Held, everything, gateway_of
from factory.rented.seam import Labelled, Machine, RentalProblem, owner

RESTART_S = 120.0  # a gateway that is started anew takes its machines over within
STALE_S = 600.0  # a living process that has not looked after its machine for so long is stuck
GRACE_S = 900.0  # over the allowance: the keeper itself ends a machine when it is used up


class Verdict(Record):
    """What becomes of one machine."""

    machine: Machine
    fate: Literal["keep", "destroy", "other"]  # other: of another gateway, which nobody here can judge
    why: str
    done: bool = False  # it was destroyed
    problem: str = ""  # why it could not be


def judge(machine: Machine, known: Iterable[Held], gateway: str, now: float, everybody: bool) -> Verdict:
    """What should become of a machine. `gateway`: whose records `known` are; `everybody`: also other gateways'."""
    whose, name = owner(machine.label)
    if not whose:
        return Verdict(machine=machine, fate="other", why="its label is not one of ours")
    if whose != gateway and not everybody:
        return Verdict(machine=machine, fate="other", why=f"it belongs to the gateway {whose}; --all ends it too")
    held = next((each for each in known if each.label == machine.label), None)
    if held is None or held.phase == "off":
        return Verdict(machine=machine, fate="destroy", why="nobody claims it")
    silent, age = now - held.beat, now - min(machine.since or held.since, held.since)
    kept = silent <= RESTART_S or (silent <= STALE_S and alive(held.holder))
    if not kept:
        return Verdict(machine=machine, fate="destroy", why=f"its gateway has not looked after it for {silent:.0f} s")
    if age > held.allowance + GRACE_S:
        return Verdict(machine=machine, fate="destroy", why=f"it is {age / 3600:.1f} hours old: more than max_hours")
    return Verdict(machine=machine, fate="keep", why=f"[rented.{name}] is kept by a gateway that is alive")


def reap(
    clouds: Sequence[Labelled], folder: Path, now: float, yes: bool = False, everybody: bool = False
) -> tuple[Verdict, ...]:
    """Judge every machine with our label, and with `yes` end those that must go. Safe beside a running gateway.

    A cloud that does not answer raises RentalProblem, after the others were seen to.
    """
    gateway, found = gateway_of(folder), list[Verdict]()
    silent: RentalProblem | None = None
    for cloud in clouds:
        try:
            machines = cloud.labelled()
        except RentalProblem as problem:
            silent = problem
            continue
        for machine in machines:
            verdict = judge(machine, everything(folder), gateway, now, everybody)
            found.append(_ended(cloud, verdict) if yes and verdict.fate == "destroy" else verdict)
    if silent:
        raise silent
    return tuple(found)


def _ended(cloud: Labelled, verdict: Verdict) -> Verdict:
    try:
        cloud.destroy(verdict.machine)
    except RentalProblem as problem:
        return verdict.but(problem=str(problem))
    return verdict.but(done=True)

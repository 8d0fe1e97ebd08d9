"""The settings one job runs under: whose file counts, and this job's share of the run's money."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.app import State
    from factory.cli.arriving import Order
    from factory.contracts.run import Run
    from factory.contracts.ticket import Ticket
    from factory.settings import Settings


def ticket_settings(order: "Order", ticket: "Ticket", state: "State") -> "Settings":
    """The machine's own file or --config, with the target's [checks] and [paths]; else the target's file as a whole,
    also when --config names it.

    The target's file is read from the pinned commit of its own branch, never from the checkout: nothing that a pull
    request brings along decides how it is judged.
    """
    from factory.cli.options import sandboxed
    from factory.settings import load

    pinned = _pinned_file(order, ticket, state)
    own = _own_file(order, pinned)
    if own:
        return sandboxed(load(own, pinned, order.environment), order.sandbox)
    return sandboxed(load(pinned, None, order.environment), order.sandbox)


def _own_file(order: "Order", pinned: Path | None) -> Path | None:
    """The machine's own file or --config, where that is not the target's."""
    from factory.places import user_file
    from factory.target import work_tree

    own = order.config.absolute() if order.config else user_file()
    targets = order.config and own.resolve() == (work_tree(order.repo) / "factory.toml").resolve()
    return own if (own.is_file() or order.config) and not (targets and pinned) else None


def _pinned_file(order: "Order", ticket: "Ticket", state: "State") -> Path | None:
    from factory.contracts.errors import GitProblem
    from factory.files import write_whole
    from factory.git import run_git

    try:
        data = run_git(order.repo, "show", f"{ticket.base_sha}:factory.toml")
    except GitProblem:
        return None
    path = state.run_folder(ticket.run) / "factory.toml"
    write_whole(path, data)
    return path


def settings_of_job(order: "Order", run: "Run", state: "State", bundled: bool) -> "Settings":
    """Whose settings count: what came from another machine does not say what is run or asked on this one."""
    from factory.app import settings_of
    from factory.cli.options import settings_for

    if run.ticket:
        settings = ticket_settings(order, run.ticket, state)
    elif order.config and not order.issue:
        settings = settings_for(order.config, Path(run.repo.path), order.sandbox)
    else:
        settings = settings_of(run, state)
        if bundled and not order.issue:
            _harmless(settings, order)
    return within_allowance(settings, run, state, order)


def _harmless(settings: "Settings", order: "Order") -> None:
    """Raises UsageProblem for settings of a bundle that only a person at this machine may choose."""
    if settings.sandbox.kind == "none" and order.sandbox != "none":
        raise UsageProblem("The bundle switches the sandbox off: type `--sandbox none` if you mean it.")
    if any(endpoint.wire == "command" for endpoint in settings.endpoints.values()):
        raise UsageProblem("The bundle's settings start a program here: name settings of your own with --config.")


def within_allowance(settings: "Settings", run: "Run", state: "State", order: "Order") -> "Settings":
    """FACTORY_ALLOWANCE_USD is the whole run's money: this job may bring what is spent up to its limit.

    The shared books took it from the target's own limits, with what people added by `/factory budget`; only the limits
    of a machine's own file hold beside it.
    """
    from factory.handover.allowance import MILLION, dollars_in, limit
    from factory.ledger.travel import spent

    total = dollars_in(order.environment.get("FACTORY_ALLOWANCE_USD", ""))
    if total is None:
        return settings
    budget = settings.budget
    if run.ticket and not _own_file(order, _pinned_file(order, run.ticket, state)):
        budget = budget.but(issue_usd=None)
    elif budget.run_usd is not None:
        total = min(total, int(budget.run_usd * MILLION))
    left, now = units_left(run)
    most = limit(order.name, total, spent(state.db, run.id), left, 1 if order.unit else now)
    reserve = budget.escalation_usd if most == total else Decimal(0)  # what the judge needs is in refine's own share
    return settings.but(budget=budget.but(run_usd=Decimal(most) / MILLION, escalation_usd=reserve))


def units_left(run: "Run") -> tuple[int, int]:
    """(units that are not merged yet, those of the next wave)."""
    from factory.edits.leases import waves

    if run.plan is None:
        return 0, 0
    ahead = waves(run.plan)[len(run.waves) :]
    return sum(map(len, ahead)), len(ahead[0]) if ahead else 0


def share_of_unit(order: "Order", run: "Run", state: "State") -> int:
    """Micro-dollars that one job of this wave might use; 0 = not known."""
    from factory.handover.allowance import dollars_in, limit
    from factory.ledger.travel import spent

    total = dollars_in(order.environment.get("FACTORY_ALLOWANCE_USD", ""))
    if total is None:
        return 0
    left, _ = units_left(run)
    known = spent(state.db, run.id)
    return limit("generate", total, known, left, 1) - known

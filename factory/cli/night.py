"""`factory hunt --night FOLDER`: the hunt as a job of the night leaves it: hunt.json, hunt.sarif, a bundle a theme."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from factory.render.amount import many

if TYPE_CHECKING:
    from factory.app import State
    from factory.contracts.catch import Catch, Mended, Theme
    from factory.contracts.run import Run
    from factory.contracts.ticket import Ticket
    from factory.settings import Settings


def night(out: Path, repo: Path, config: Path | None, sandbox: str) -> int:
    """Of the commit that FACTORY_TICKET pins. 0 also with findings: they are what the job is for.

    Raises UsageProblem without a ticket, Refusal('bad_signature') for one that the gate did not sign.
    """
    from factory.app import open_state
    from factory.cli.hunting import waiting
    from factory.contracts.catch import Night
    from factory.contracts.record import digest
    from factory.files import write_whole
    from factory.hunt.catch import caught
    from factory.jobs.context import job_context
    from factory.jobs.wire import ticket_of
    from factory.places import state_folder
    from factory.render.sarif import sarif

    context = job_context(os.environ)
    ticket = ticket_of(context)
    state = open_state(state_folder())
    settings = _settings(ticket, state, repo, config, sandbox)
    with waiting() as tell:
        found = caught(repo, ticket.base_sha, settings, state.folder, (), tell).but(ref=ticket.base)
    write_whole(out / "hunt.sarif", sarif(found))
    known = _known(out.parent / "gate" / "hunted.json")
    themes = [theme for theme in found.themes if not known & set(theme.findings)]
    most = settings.hunt.pulls_a_day
    mended = _mended(found, themes[:most], ticket, out, repo, settings, state)
    text = Night(catch=found, mended=mended, waiting=tuple(theme.id for theme in themes[most:])).to_json() + "\n"
    write_whole(out / "hunt.json", text)
    context.output(digest=digest(text), findings=str(len(found.fresh)), themes=str(len(mended)))
    print(f"{many(len(found.fresh), 'finding')}, {many(len(mended), 'theme')} mended: {digest(text)}  {out}")
    return 0


def _settings(ticket: "Ticket", state: "State", repo: Path, config: Path | None, sandbox: str) -> "Settings":
    from factory.cli.arriving import Order
    from factory.cli.job_settings import ticket_settings

    order = Order(name="hunt", run=Path("run.json"), repo=repo, config=config, sandbox=sandbox, environment=os.environ)
    return ticket_settings(order, ticket, state)


def _known(file: Path) -> frozenset[str]:
    """Ids of findings that the gate says are on a pull request of ours or were declined: not mended again."""
    import json

    from factory.handover.folder import read_one

    raw = read_one(file, 1 << 20)
    try:
        found = json.loads(raw or b"[]")
    except ValueError:
        return frozenset()
    return frozenset(each for each in found if isinstance(each, str)) if isinstance(found, list) else frozenset()


def _mended(found: "Catch", themes: "list[Theme]", ticket: "Ticket", out: Path, repo: Path, settings: "Settings",
            state: "State") -> "tuple[Mended, ...]":  # fmt: skip
    """One that fails is said, and the others go on."""
    from factory.cli.go import check_machine
    from factory.contracts.errors import FactoryError

    if themes:
        check_machine(state, settings)
    made = []
    for theme in themes:
        print(f"factory: {theme.id}: {many(len(theme.findings), 'finding')}", file=sys.stderr, flush=True)
        try:
            one = _one(found, theme, ticket, out, repo, settings, state)
        except FactoryError as problem:
            print(f"factory: {theme.id}: {problem}", file=sys.stderr)
            continue
        if one:
            made.append(one)
    return tuple(made)


def _one(found: "Catch", theme: "Theme", ticket: "Ticket", out: Path, repo: Path, settings: "Settings",
         state: "State") -> "Mended | None":  # fmt: skip
    """One theme up to the delivery, which is the ship job's, as a bundle; None when nothing came of it."""
    from factory.app import make_shop
    from factory.contracts.catch import Mended
    from factory.handover.bundle import pack
    from factory.render.terminal import watcher
    from factory.stages.deliver import deliver
    from factory.stages.line import following, step
    from factory.stages.mend import PREFIX

    run = _run(found, theme, ticket.of_theme(theme.id), repo, settings, state)
    state.journal.adopt(run, theme.id)
    state.journal.lease(run.id)
    with watcher(sys.stderr, plain=True) as view:
        shop = make_shop(run, state, settings, view)
        while not run.stopped and (stage := following(run)) not in (None, deliver):
            run = step(stage, run, shop)
    state.journal.release(run.id)
    if run.stopped:
        print(f"factory: {theme.id}: {run.stopped.message}", file=sys.stderr)
        return None
    units = run.plan.units if run.plan else ()
    done = tuple(unit.id.removeprefix(PREFIX) for unit in units)
    return Mended(theme=theme.id, run=run.id, digest=pack(run, state, out / theme.id), findings=done)


def _run(found: "Catch", theme: "Theme", ticket: "Ticket", repo: Path, settings: "Settings", state: "State") -> "Run":
    from factory.app import new_seal
    from factory.cli.mending import event_of
    from factory.contracts.run import Repo, Run
    from factory.target import resolve

    by_id = {row.finding.id: row.finding for row in found.ranked}
    _, commit, tree = resolve(repo, ticket.base_sha)
    return Run(
        id=ticket.run, created=ticket.issued, ticket=ticket, sandbox=settings.sandbox.kind,
        event=event_of(theme, tuple(by_id[each] for each in theme.findings if each in by_id)),
        repo=Repo(path=str(repo.resolve()), ref=ticket.base or commit, commit=commit, tree=tree),
        settings=state.blobs(ticket.run).put(settings.to_json().encode()), seal=new_seal(ticket.run, state),
    )  # fmt: skip

"""What happens at night: the hunt's issues, pull requests, errands and code scanning; the watchdog's alerts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from factory.contracts.catch import Catch, Mended, Night, Theme
from factory.contracts.finding import Finding
from factory.contracts.hunt import Hunted
from factory.contracts.record import digest
from factory.contracts.ticket import Ticket
from factory.hunt.triage import ranked
from factory.jobs.night_errands import FILE, Errands
from factory.simulator.hub.code_scanning import analyses_of
from tests.jobs.handed import SNAPSHOT, admitted, handed
from tests.jobs.place import REPO, Place, outputs
from tests.jobs.test_hunt import RULES, found
from tests.soak.deaths import Deaths
from tests.soak.hook import Hook
from tests.soak.processes import Command
from tests.soak.scenes import Job, Scene, opened, opening
from tests.soak.scenes_people import look

HUNTED = Hunted(detectors=("bare-except", "shell-command"))
CART, LOGIN, MENDED = found(), found("shell-command"), found(path="app.py", line=1)


def night_of(here: Place, n: int) -> Ticket:
    return here.ticket(0, f"{REPO} run {n}", purpose="hunt", actor="schedule", actor_id=0, role="none")


def filing(here: Place, n: int, *findings: Finding, theme: bool = False, errand: bool = False) -> Job:
    """The ship job of one night. `theme`: one finding is mended in a bundle; `errand`: the box gets an issue."""
    ticket = night_of(here, n)
    bundle = _mended(here, ticket) if theme else None
    themes = (Theme(id="t-1", detector="bare-except", package="", findings=(MENDED.id,), lines=2),) if bundle else ()
    catch = Catch(commit=here.base_sha, rules=RULES, ranked=ranked(findings, {}), themes=themes,
                  hunted=HUNTED)  # fmt: skip
    run = ticket.of_theme("t-1").run
    made = (Mended(theme="t-1", run=run, digest=bundle[1], findings=(MENDED.id,)),) if bundle else ()
    text = Night(catch=catch, mended=made).to_json()
    errands = Errands(
        tickets=(admitted(here, here.issue("Labelled for the night"), purpose="local"),) if errand else ()
    )

    def commands(attempt: int) -> Iterator[Command]:
        job = here.job(ticket, "file", run=n, attempt=attempt, event="schedule")
        (job.temp / "gate").mkdir()
        (job.temp / "gate" / FILE).write_text(errands.to_json())
        yield Command("hunt", job, (_handed(job.temp, text, bundle[0] if bundle else None), digest(text)))

    return commands


def _mended(here: Place, ticket: Ticket) -> tuple[Path, str]:
    """The theme's bundle and its digest."""
    theme = ticket.of_theme("t-1")
    found = handed(here, theme.but(text=digest(SNAPSHOT)), accepted=True)
    return found.folder, found.digest


def _handed(temp: Path, text: str, bundle: Path | None) -> Path:
    import shutil

    folder = temp / "hunt"
    folder.mkdir()
    (folder / "hunt.json").write_text(text)
    if bundle:
        shutil.copytree(bundle, folder / "t-1")
    return folder


def hunted(here: Place) -> Scene:
    """Issues for what is found, a pull request for what is mended, an errand for what people put on the list."""
    return Scene(here, [filing(here, 70, CART, LOGIN, MENDED, theme=True, errand=True)])


def gone_and_back(here: Place) -> Scene:
    """An issue is closed when its finding is gone, opened again when it is back, and says what is so today."""
    nights = filing(here, 70, CART, LOGIN), filing(here, 71, found(line=40)), filing(here, 72, found(line=40), LOGIN)
    return Scene(here, list(nights), known=1)


def scanned(here: Place) -> Scene:
    """Code scanning takes the same log of the same commit again and again: it replaces it."""
    ticket = night_of(here, 70)
    text = Night(catch=Catch(commit=here.base_sha, rules=RULES, ranked=ranked([CART, LOGIN], {}))).to_json()
    audited = admitted(here, here.issue(), purpose="local")
    bundle = handed(here, audited, accepted=True)

    def scan(attempt: int) -> Iterator[Command]:
        job = here.job(ticket, "scan", run=70, attempt=attempt, event="schedule", permissions=_SCANS)
        yield Command("scan", job, (_handed(job.temp, text, None), digest(text)))

    def audit(attempt: int) -> Iterator[Command]:
        job = here.job(audited, "scan", run=71, attempt=attempt, permissions=_SCANS)
        yield Command("audited", job, (bundle.into(job.temp), bundle.digest, here.base_sha, "main"))

    def also() -> set[tuple[str, str, str]]:
        return {(each.commit, each.ref, digest(str(each.log))) for each in analyses_of(here.repo).values()}

    return Scene(here, [scan, audit], also=lambda: sorted(also()))


_SCANS: Any = {"contents": "read", "security_events": "write"}


def alerted(here: Place) -> Scene:
    """An alert and its end: the issue and its label once, opened and closed; the owner's webhook hears of each at
    least once, under one key."""
    assert isinstance(here.faults, Deaths)
    hook = Hook(here.faults)
    settings: dict[str, Any] = {"FACTORY_ALERTS__AFTER": "1", "FACTORY_ALERTS__WEBHOOK_ENV": "HOOK", "HOOK": hook.url}
    bad, good = (admitted(here, here.issue(), event=f"event {n}", purpose=purpose)
                 for n, purpose in enumerate(("local", "review")))  # fmt: skip
    jobs = [opening(here, bad, 7), _closing(here, bad, 7, "failure"), look(here, 40, **settings),
            opening(here, good, 8), _closing(here, good, 8, "success"), look(here, 41, **settings),
            look(here, 42, **settings)]  # fmt: skip

    def also() -> list[tuple[str, str]]:
        assert {key for key, _ in hook.heard} == {body["id"] for _, body in hook.heard}
        return sorted({(body["id"], body["state"]) for _, body in hook.heard})

    return Scene(here, jobs, known=2, also=also, close=hook.close)


def _closing(here: Place, ticket: Ticket, run: int, result: str) -> Job:
    def commands(attempt: int) -> Iterator[Command]:
        told: dict[str, Any] = {"gate": {"result": "success"}, "work": {"result": result},
                                "open": {"result": "success", "outputs": outputs(opened(here, run))}}  # fmt: skip
        yield Command("close", here.job(ticket, "ship", run=run, attempt=attempt, needs=told))

    return commands


SCENES: dict[str, Callable[[Place], Scene]] = {
    each.__name__: each for each in (hunted, gone_and_back, scanned, alerted)
}

"""scan: what the night found goes to code scanning, where the owner switched that on. A job of its own, because it is
the only kind that may write security events; `audited.py` is the same for a change.
"""

from pathlib import Path

from factory.contracts.catch import Catch
from factory.contracts.errors import HubForbidden, HubLimited, HubMissing, HubUnreachable
from factory.contracts.seams import Clock
from factory.forge.scanning import MAX_SARIF, zipped
from factory.jobs.context import JobContext
from factory.jobs.hunt import checked, read
from factory.jobs.wire import CONFIG, Site, site
from factory.render.sarif import sarif

OFF = (
    "Code scanning took nothing. It must be there (a private repository needs GitHub Code Security), and the caller's "
    "`permissions:` must hold `security-events: write`; else set the variable FACTORY_CODE_SCANNING to `off`."
)
AGAIN = "Code scanning could not be asked just now, and nobody else hands this over: run this job again."


def scan(context: JobContext, found: Path, digest: str, *, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """The log is made here, from what was checked. Raises Refusal, HubProblem."""
    here = site(context, config, clock)
    catch = checked(here, read(found, digest)).catch
    return told(here, catch, here.ticket.base, "hunt")


def told(here: Site, catch: Catch, branch: str, part: str) -> int:
    """The one way to code scanning, for the hunt and for an audit. Where there is none that is said, and fails
    nothing; what GitHub could not take just now fails this job, which no other needs, until it is run again.
    Raises HubProblem for a log that GitHub refuses."""
    try:
        number = here.hub.upload_sarif(catch.commit, f"refs/heads/{branch}", fitting(catch, part=part))
    except (HubForbidden, HubMissing) as problem:
        here.say("notice", f"{OFF} GitHub's answer: {problem}")
        return 0
    except (HubUnreachable, HubLimited) as problem:
        here.say("error", f"{AGAIN} {problem}")
        return 1
    here.context.output(sarif=number)
    here.summary(f"## Code scanning\n\n{len(catch.ranked):,} findings were handed over.\n")
    return 0


def fitting(catch: Catch, most: int = MAX_SARIF, part: str = "hunt") -> str:
    """The log, with so many of the worst findings as fit into GitHub's limit."""
    log = sarif(catch, part=part)
    while len(zipped(log)) > most and catch.ranked:
        catch = catch.but(ranked=catch.ranked[: len(catch.ranked) * 3 // 4])
        log = sarif(catch, part=part)
    return log

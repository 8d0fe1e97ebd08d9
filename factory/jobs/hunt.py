"""hunt: what the night's think job found becomes issues and pull requests, each once, within the day's caps.

What was handed over is checked as if a stranger sent it; what cannot be looked up on GitHub stops everything that would
make something new. An issue is closed only after a hunt in which everything could look.
"""

from pathlib import Path

from factory.contracts.catch import Night, Ranked
from factory.contracts.errors import Refusal
from factory.contracts.record import digest as sha256
from factory.contracts.seams import Clock
from factory.edits.paths import escape
from factory.handover.folder import read_one, record
from factory.jobs.context import JobContext
from factory.jobs.hunt_books import taken
from factory.jobs.hunt_issues import Filed, file_issues
from factory.jobs.hunt_themes import Opened, open_themes
from factory.jobs.night_errands import send
from factory.jobs.wire import CONFIG, Site, site
from factory.render.amount import many
from factory.render.sections import bullets
from factory.render.text import prose

MAX_FOUND = 48 * 1024 * 1024  # bytes of hunt.json


def hunt(context: JobContext, found: Path, digest: str, *, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """`found`: the folder with hunt.json and the themes' bundles; `digest`: of hunt.json, from the job that made it.

    Raises Refusal for what is not what it says, HubProblem when GitHub cannot be asked: then nothing was filed that
    was not looked up before.
    """
    here = site(context, config, clock)
    night = checked(here, read(found, digest))
    opened = open_themes(here, night, found)
    filed = file_issues(here, night, _spoken_for(here, night, opened))
    filed.said += send(here, context.temp / "gate")
    here.summary(_summary(night, opened, filed))
    context.output(pulls=str(sum(bool(each.pull) for each in opened)), issues=str(len(filed.made)))
    return 1 if any(each.failed for each in opened) else 0


def _spoken_for(here: Site, night: Night, opened: tuple[Opened, ...]) -> frozenset[str]:
    """Findings that a pull request of ours has or had, or gets on another night: no issue is filed for them."""
    waiting = [theme.findings for theme in night.catch.themes if theme.id in night.waiting]
    held = taken(here.hub, here.books.read().rows, here.now)
    return held.union(*waiting, *(each.findings for each in opened))


def read(folder: Path, digest: str) -> Night:
    """Raises Refusal: missing, too big, another digest, another form."""
    raw = read_one(folder / "hunt.json", MAX_FOUND)
    if raw is None or not digest:
        raise Refusal("untrusted_artifact", "No hunt.json with a digest was handed over: it is not acted on.")
    if sha256(raw) != digest:
        raise Refusal("digest_mismatch", "hunt.json is not the one that the hunt's job announced: run it again.")
    return record(Night, raw, "hunt.json")


def checked(here: Site, night: Night) -> Night:
    """The night of this ticket's commit, findings with paths that are none left out. Raises Refusal."""
    if night.catch.commit != here.ticket.base_sha:
        raise Refusal(
            "not_allowed", f"The hunt was through {night.catch.commit[:12]}, the ticket is for another commit."
        )
    fine = tuple(row for row in night.catch.ranked if _fine(row))
    if len(fine) != len(night.catch.ranked):
        here.say("warning", f"{len(night.catch.ranked) - len(fine)} findings have no proper path or id: left out.")
    return night.but(catch=night.catch.but(ranked=fine))


def _fine(row: Ranked) -> bool:
    item = row.finding
    return len(item.id) == 12 and item.id.isalnum() and (not item.path or not escape(item.path))


def _summary(night: Night, opened: tuple[Opened, ...], filed: Filed) -> str:
    catch = night.catch
    rows = [f"{many(len(catch.fresh), 'finding')} that the baseline does not know, in {catch.hunted.files:,} files."]
    rows += [f"{prose(each.theme, 100)}: {prose(each.sentence, 300)}" for each in opened]
    rows += [prose(each, 300) for each in filed.said]
    return f"## The nightly hunt\n\n{bullets(rows)}\n"

"""post: the findings of a review become one review on the pull request. Nothing is approved, nothing is requested."""

from collections.abc import Mapping
from pathlib import Path

from factory.contracts.errors import Refusal
from factory.contracts.examined import Examined
from factory.contracts.hub import Ship
from factory.contracts.record import ValidationError, digest
from factory.contracts.seams import Clock
from factory.forge.markers import Markers
from factory.jobs.clean import CleanEffects
from factory.jobs.context import JobContext
from factory.jobs.shipped import Shipped
from factory.jobs.wire import CONFIG, site
from factory.render import inline
from factory.render.amount import many
from factory.render.sections import bullets
from factory.render.text import code, prose

MAX_FILE = 4 * 1024 * 1024
MOST = 20  # inline notes where no settings say otherwise


def post(context: JobContext, findings: Path, config: Path = CONFIG, clock: Clock | None = None) -> int:
    """Posts what the box's reviewers left in `findings`, on the commit that the ticket pins."""
    from factory.forge.gate import recheck

    here = site(context, config, clock)
    ticket = here.ticket
    found = read_findings(findings)
    if not ticket.pull or found.head != ticket.head_sha:
        raise Refusal("stale_input", f"The findings are about {found.head[:12]}, not about what was asked: ask again.")
    recheck(ticket, here.hub, here.hub, here.hub, here.settings.github, here.now)
    _post(here.effects, ticket.pull, found, here.settings.github.max_inline)
    words = f"{many(len(found.findings), 'finding')} posted as a review of {found.head[:12]}."
    Shipped(code="posted", stand="done", sentence=words, spent=found.cost).save(context.temp)
    return 0


def post_findings(hub: Ship, repo: str, number: int, found: Examined, environment: Mapping[str, str]) -> str:
    """The same without a workflow, with a person's own token; returns one sentence. A second time posts nothing new."""
    from factory.app import SystemClock
    from factory.forge.hygiene import Home, Hygiene
    from factory.forge.secret_values import Redaction, secret_values
    from factory.llm.secret_forms import secrets_in

    run = f"review-{digest(f'{repo}#{number} {found.head}')[:12]}"
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    hygiene = Hygiene(Home(server=server, repo=repo, numbers=(number,)),
                      Redaction(secret_values(environment), secrets_in))  # fmt: skip
    markers = Markers(environment.get("FACTORY_MARKER_KEY", ""), repo)
    _post(CleanEffects(hub, markers, SystemClock(), run, hygiene), number, found, MOST)
    return f"{many(len(found.findings), 'finding')} posted as a review of {repo}#{number}."


def _post(effects: CleanEffects, number: int, found: Examined, most: int) -> None:
    placed = inline.placed(found.findings, effects.hub.pull_diff(number), most)
    parts = [inline.summary(placed.rest, len(placed.notes)) if found.findings else "Nothing was found."]
    tested = found.tested.splitlines() or ["The checks were not run."]
    parts.append(bullets(prose(row, 500) for row in (*tested, *found.notes)))
    parts.append(
        f"<sub>Looked at {code(found.base[:12])} to {code(found.head[:12])}. Nobody has approved anything.</sub>"
    )
    effects.review(number, found.head, "review", "\n\n".join(parts), placed.notes)


def read_findings(path: Path) -> Examined:
    """Raises Refusal('bundle_damaged')."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_FILE and not path.is_symlink() else b""
        return Examined.from_json(data)
    except (OSError, ValidationError):
        raise Refusal("bundle_damaged", f"{path.name} holds no findings: let the review run again.") from None

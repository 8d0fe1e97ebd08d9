"""factory graph pack: what a model would be sent for an issue"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Config, Json
from factory.contracts.errors import Refused, Stopped, UsageProblem

if TYPE_CHECKING:
    from factory.contracts.model import Reply, Request, Tier
    from factory.contracts.run import Run
    from factory.settings import Settings
    from factory.stages.shop import Shop

ROLES = ("atlas", "frontend", "backend", "integration", "unit", "qa", "visual", "scribe")
TIERS: "dict[str, tuple[Tier, ...]]" = {
    "local": ("local",), "rented": ("rented",), "frontier": ("frontier",), "cloud": ("rented", "frontier"),
}  # fmt: skip


@dataclass
class Listening:
    """Implements contracts.model.Model: keeps what it is asked, and answers nothing."""

    asked: "list[Request]" = field(default_factory=list)

    def complete(self, request: "Request") -> "Reply":
        self.asked.append(request)
        raise Refused("nobody is asked: the prompt is only shown")


def pack(
    issue: Annotated[str, typer.Option("--issue", help="The issue's file; - reads it from standard input.")],
    repo: Annotated[Path, typer.Option("--repo", help="A git repository; else the one that you stand in.")] = Path(),
    tier: Annotated[
        str, typer.Option("--tier", help="local, rented, frontier; cloud: what may go to both of the last.")
    ] = "local",
    role: Annotated[str, typer.Option("--role", help="atlas, or a coder's, tester's or the scribe's name.")] = "atlas",
    tokens: Annotated[
        int | None, typer.Option("--tokens", min=1000, help="Of the pack; else line.pack_tokens.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Print exactly what would be sent: filtered as [egress] says and without secrets. Nobody is asked."""
    from factory.cli.options import issue_event, settings_for

    if tier not in TIERS:
        raise UsageProblem(f"--tier {tier!r} is not one of: {', '.join(TIERS)}.")
    if role not in ROLES:
        raise UsageProblem(f"--role {role!r} is not one of: {', '.join(ROLES)}.")
    settings = _only(settings_for(config, repo), TIERS[tier], role, tokens)
    with _opened(repo, issue_event(issue).but(kind="issue"), settings) as (run, shop):
        request, files = _request(run, shop, settings, role, TIERS[tier])
    if as_json:
        print(json.dumps({"messages": [{"role": one.role, "text": one.text} for one in request.messages],
                          "tools": [json.loads(tool.to_json()) for tool in request.tools],
                          "pieces": [json.loads(piece.to_json()) for piece in request.pieces]}, indent=2))  # fmt: skip
    else:
        print("\n".join(one.text for one in request.messages), end="")
    _summary(request, files)
    return 0


def _only(settings: "Settings", tiers: "tuple[Tier, ...]", role: str, tokens: int | None) -> "Settings":
    """The settings with one endpoint of each tier to choose from: the role's own, or one that nobody set up."""
    from factory.contracts.model import Endpoint
    from factory.contracts.tables import ChainSettings

    chain = settings.endpoints_for(role, 5)
    found: dict[str, Endpoint] = {}
    for tier in tiers:
        own = next((one for one in chain if one.tier == tier), Endpoint(name=f"any-{tier}", wire="openai", tier=tier))
        found[own.name] = own.but(price_in=0.0, price_out=0.0, factory=False)
    line = settings.line.but(ceiling=tiers[-1], **({"pack_tokens": tokens} if tokens else {}))
    one = ChainSettings(roles=("*",), endpoints=tuple(found))
    return settings.but(endpoints={**settings.endpoints, **found}, chain=(one,), line=line)


@contextmanager
def _opened(repo: Path, event: object, settings: "Settings") -> "Iterator[tuple[Run, Shop]]":
    """A run in a folder that goes away, up to its pack; the code graph and the lessons are the person's own."""
    from factory.app import Nobody, make_shop, new_run, open_state
    from factory.codegraph.building.home import viewer
    from factory.contracts.task import Event
    from factory.git import Store
    from factory.places import state_folder
    from factory.stages.gather import gather
    from factory.stages.intake import intake
    from factory.stages.lessons import memory_of

    assert isinstance(event, Event)
    with tempfile.TemporaryDirectory(prefix="factory-pack-") as folder:
        state = open_state(Path(folder) / "state")
        run = new_run(state, repo.absolute(), "HEAD", event, settings)
        shop = make_shop(run, state, settings, Nobody())
        assert isinstance(shop.trees, Store)
        home = state_folder()
        shop = replace(shop, view=viewer(repo.absolute(), home, shop.trees, run.repo.commit),
                       memory=memory_of(run, home, settings.memory, shop.journal))  # fmt: skip
        yield gather(intake(run, shop), shop), shop


def _request(
    run: "Run", shop: "Shop", settings: "Settings", role: str, tiers: "tuple[Tier, ...]"
) -> "tuple[Request, dict[str, int]]":  # fmt: skip
    """What the first endpoint would be sent, through the very client; and the sizes of the repository's files."""
    from factory.contracts.roster import PlanFacts, UnitFacts
    from factory.llm.policy import sizes_of
    from factory.stages.desks import Desks
    from factory.stages.gather import pack_of
    from factory.stages.generate import coder_of
    from factory.stages.plan import one_unit_plan

    assert run.task
    assert isinstance(shop.desk, Desks)
    listening = Listening()
    tools = shop.desk.tools
    tools = replace(tools, client=tools.client.asking(lambda endpoint: listening))
    desk = Desks(tools, settings, shop.desk.issue)(role, shop.journal.scope(run.id, "plan"), run, ceiling=tiers[-1])
    gathered = pack_of(run, shop)
    try:
        if role == "atlas":
            shop.roster.atlas(desk, PlanFacts(task=run.task, pack=gathered))
        else:
            plan = one_unit_plan(run)
            unit = plan.units[0].but(role=role)
            facts = UnitFacts(task=run.task, pack=gathered, plan=plan.but(units=(unit,)), unit=unit, tree=run.repo.tree,
                              loop=settings.line.coding == "work")  # fmt: skip
            coder_of(shop.roster, unit)(desk, facts)
    except Stopped:
        if not listening.asked:
            raise
    return listening.asked[0], dict(sizes_of(shop.trees, run.repo.tree))


def _summary(request: "Request", sizes: dict[str, int]) -> None:
    from factory.llm.tokens import planned, size

    sent: dict[str, int] = {}
    for piece in request.pieces:
        sent[piece.path] = sent.get(piece.path, 0) + piece.bytes
    whole = sum(sizes.values())
    share = sum(min(count, sizes.get(path, count)) for path, count in sent.items()) / whole if whole else 0.0
    print(
        f"factory: about {planned(request):,} tokens, {size(request):,} bytes; parts of {len(sent):,} of "
        f"{len(sizes):,} files, {share:.1%} of the repository's bytes",
        file=sys.stderr,
    )

"""gather: Task -> Pack."""

import os
from collections.abc import Callable
from dataclasses import replace

from factory.codegraph.rank.embeddings import UNUSABLE
from factory.codegraph.store.store import Damaged
from factory.codegraph.view import View
from factory.context.gather import Gatherer, nothing_withheld
from factory.contracts.errors import Abandoned, FactoryError, ModelProblem, Stopped, Unreachable
from factory.contracts.memory import Recalled
from factory.contracts.model import Endpoint, within
from factory.contracts.record import Record
from factory.contracts.run import Run
from factory.contracts.task import Pack, PackRef, Task
from factory.desk.desk import PACK_SHARE
from factory.llm.policy import rules_of
from factory.llm.tokenizer import Tokenizer, tokenizer_of
from factory.stages.lessons import lessons_for
from factory.stages.shop import Shop

READERS = ("atlas", "frontend", "backend", "integration", "unit", "qa", "visual", "scribe", "demiurge")


class Wanted(Record):
    """What a pack is journalled under: a resumed and a replayed run see the pack that the first one made."""

    task: Task
    tree: str
    tokens: int


def gather(run: Run, shop: Shop) -> Run:
    """What a model will see of the repository, chosen from the base commit."""
    assert run.task
    if run.task.mechanical:  # no model, so nothing to show
        return run.but(pack=PackRef(blob=shop.blobs.put(Pack(tree="").to_json().encode()), tokens=0))
    endpoints = _readers(run, shop)
    window = min((one.context for one in endpoints), default=0) // PACK_SHARE
    tokens = min(shop.settings.line.pack_tokens, window or shop.settings.line.pack_tokens)
    scope = shop.journal.scope(run.id, "gather")
    wanted = Wanted(task=run.task, tree=run.repo.tree, tokens=tokens)
    pack = scope.step("pack", wanted, lambda: _gathered(run, shop, wanted, endpoints), Pack)
    files = tuple(dict.fromkeys(file.path for file in pack.files))
    return run.but(pack=PackRef(blob=shop.blobs.put(pack.to_json().encode()), tokens=pack.tokens, files=files,
                                lessons=tuple(lesson.id for lesson in pack.lessons)))  # fmt: skip


def pack_of(run: Run, shop: Shop) -> Pack:
    assert run.pack
    return Pack.from_json(shop.blobs.get(run.pack.blob))


def _gathered(run: Run, shop: Shop, wanted: Wanted, endpoints: tuple[Endpoint, ...]) -> Pack:
    def recall(paths: tuple[str, ...], tokens: int) -> tuple[Recalled, ...]:
        return lessons_for(run, shop, f"{wanted.task.title}\n{wanted.task.body}", paths, tokens=tokens)

    gatherer = Gatherer(
        trees=shop.trees, tree=wanted.tree, task=wanted.task, view=base_view(run, shop), recall=recall,
        count=_tokenizer(endpoints), withheld=_withheld(run, shop, endpoints),
        embed=shop.embed,
    )  # fmt: skip
    try:
        _ = gatherer.order
    except (ModelProblem, *UNUSABLE) as problem:  # closeness in meaning is one signal of many
        shop.watcher.tell("note", text=f"files are ranked without embeddings: {problem}")
        gatherer = replace(gatherer, embed=None)
    try:
        return gatherer.pack(wanted.tokens)
    except Unreachable as problem:  # the server went away while it counted
        shop.watcher.tell("note", text=f"the pack's tokens are estimated: {problem}")
        return replace(gatherer, count=None).pack(wanted.tokens)


def _readers(run: Run, shop: Shop) -> tuple[Endpoint, ...]:
    """Every endpoint that may be shown the pack."""
    assert run.task
    chains = [shop.settings.endpoints_for(role, run.task.effort) for role in READERS]
    found = [one for chain in chains for one in chain if within(one.tier, shop.settings.line.ceiling)]
    return tuple({one.name: one for one in found}.values())


def base_view(run: Run, shop: Shop) -> View | None:
    """The code graph of the base; None, with a word why, when it cannot be had: no run fails for that."""
    if shop.view is None:
        return None
    try:
        return shop.view(run.repo.tree)
    except Abandoned:
        raise
    except (FactoryError, Damaged, OSError, ImportError) as problem:
        if isinstance(problem, Stopped) and problem.reason in ("interrupted", "disk_full"):
            raise
        shop.watcher.tell("note", text=f"no code graph, so files are found by the issue's words alone: {problem}")
        shop.journal.note(run.id, "no_code_graph", why=str(problem)[:500])
        return None


def _tokenizer(endpoints: tuple[Endpoint, ...]) -> Tokenizer | None:
    """The tokenizer of the first local server that counts; the first two are asked."""
    local = {one.url: one for one in reversed(endpoints) if one.tier == "local"}
    found = (tokenizer_of(one, os.environ) for one in list(reversed(local.values()))[:2])
    return next((count for count in found if count), None)


def _withheld(run: Run, shop: Shop, endpoints: tuple[Endpoint, ...]) -> Callable[[str], str]:
    """Nothing is chosen that none of the readers may see; what some may see is left out for the others by the desk."""
    tiers = {one.tier for one in endpoints}
    if not tiers or "local" in tiers:
        return nothing_withheld
    rules = rules_of(shop.settings.egress, shop.trees, run.repo.tree)
    return lambda path: next((why for tier in sorted(tiers) if (why := rules.allowed(path, tier))), "")

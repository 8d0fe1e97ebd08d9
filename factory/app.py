"""Settings become a shop. The only module that knows both the machinery and the agents."""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from factory.checks.look_up import about_package, run_command
from factory.checks.prove import Bench, try_tests
from factory.checks.screenshot import screenshot
from factory.codegraph.building.home import viewer
from factory.codegraph.rank.embeddings import kept
from factory.contracts.errors import ReplayDiffers, Stopped, UsageProblem
from factory.contracts.grant import McpSettings
from factory.contracts.record import Json, Record, digest
from factory.contracts.run import Repo, Run
from factory.contracts.sandbox import Sandbox
from factory.contracts.seams import Journal
from factory.contracts.story import Watcher
from factory.contracts.task import Event
from factory.contracts.verdict import Verdict
from factory.desk.grants import Issuer
from factory.desk.history_tool import history_of
from factory.desk.machinery import Tools
from factory.desk.mcp_tools import Connections
from factory.edits.paths import PathPolicy
from factory.files import BlobFolder
from factory.forge.local import LocalBranches, LocalPulls
from factory.forge.recorded import RecordedBranches, RecordedPulls
from factory.git import Store, git_folder
from factory.ledger.clock import SystemClock, skip
from factory.ledger.egress import Egress
from factory.ledger.issue import issue_key
from factory.ledger.outbox import Outbox
from factory.ledger.replay import ReplayJournal
from factory.ledger.spend import Spend
from factory.ledger.state import State, open_state
from factory.llm.client import Client
from factory.llm.embeddings import embedder
from factory.llm.guard import Repository
from factory.llm.models import models
from factory.llm.policy import sizes_of
from factory.llm.prices import yardstick
from factory.llm.providers.script import read_script
from factory.prompting import Prompts
from factory.settings import Settings
from factory.stages.desks import Desks
from factory.stages.lessons import memory_of
from factory.stages.shop import Shop
from factory.stages.story import story_of
from factory.target import resolve

__all__ = [
    "Nobody", "Replayed", "State", "SystemClock", "make_shop", "new_run", "new_seal", "open_state", "recorded_label",
    "replay_run", "sandbox_for", "settings_of", "skip", "spend_of", "store_of",
]  # fmt: skip


class Nobody:
    """A watcher that looks away."""

    def tell(self, kind: str, **facts: object) -> None:
        """Nothing."""


def new_run(state: State, repo: Path, base: str, event: Event, settings: Settings, config: Path | None = None) -> Run:
    """A run pinned to a commit, in the journal, leased to this process."""
    ref, commit, tree = resolve(repo, base)
    now = state.clock.now()
    name = f"{now[:19].replace('-', '').replace(':', '').replace('T', '-')}-{secrets.token_hex(3)}"
    kept = BlobFolder(state.run_folder(name) / "blobs").put(settings.to_json().encode())
    run = Run(
        id=name, created=f"{now[:19]}Z", event=event, sandbox=settings.sandbox.kind,
        repo=Repo(path=str(repo.resolve()), ref=ref, commit=commit, tree=tree), settings=kept,
        seal=new_seal(name, state), config=str(config or ""),
    )  # fmt: skip
    state.journal.open(run, issue_key(run))
    return run


def new_seal(run: str, state: State) -> str:
    """The blob of a run's own key; it travels with the run, so that a secret keeps its name in every job."""
    return state.blobs(run).put(secrets.token_bytes(32))


def _seal(run: Run, state: State) -> bytes:
    """A run of before there were keys gets one that is the same each time."""
    known = bool(run.seal) and state.blobs(run.id).path(run.seal).is_file()
    return state.blobs(run.id).get(run.seal) if known else digest(f"{run.id} {run.repo.tree}").encode()


def settings_of(run: Run, state: State) -> Settings:
    """The settings the run was started with."""
    return Settings.from_json(state.blobs(run.id).get(run.settings))


def store_of(run: Run, state: State) -> Store:
    return Store(state.run_folder(run.id) / "repo.git", Path(run.repo.path))


def sandbox_for(settings: Settings, store: Store, state: State) -> Sandbox:
    if settings.sandbox.kind == "none":
        from factory.sandbox.unconfined import Unconfined

        return Unconfined(store, state.folder, settings.sandbox)
    from factory.sandbox.bubblewrap import Bubblewrap

    return Bubblewrap(store, state.folder, settings.sandbox)


def _pictures(run: Run, state: State) -> BlobFolder:
    """Beside the blobs, so that nothing that is handed over has pixels in it."""
    return BlobFolder(state.run_folder(run.id) / "pictures")


def make_shop(
    run: Run,
    state: State,
    settings: Settings,
    watcher: Watcher,
    *,
    out: Sequence[Path] = (),
    replay: ReplayJournal | None = None,
) -> Shop:
    """Everything one run needs, wired together. With `replay`, nothing is asked, spent or written."""
    from agents.roster import roster

    store, blobs, outbox = store_of(run, state), state.blobs(run.id), Outbox(state.journal, run.id)
    journal, sandbox = replay or state.journal, sandbox_for(settings, store, state)
    spend, egress = spend_of(state, settings), Egress(state.db, state.clock)
    policy = PathPolicy.of(settings.paths)
    bench = Bench(
        trees=store, sandbox=sandbox, blobs=blobs, settings=settings.checks, when=_date(store, run),
        base=run.repo.tree, admit=partial(_admit_check, state, settings.budget.run_sandbox_minutes),
    )  # fmt: skip
    ask = models(os.environ, state.clock, state.run_folder(run.id), _pictures(run, state).find)
    client = Client(
        settings, ask, spend, egress, state.clock, _notify(run, journal, watcher),
        repository=Repository(store, run.repo.tree, run.tree), key=_seal(run, state),
    )  # fmt: skip
    view = viewer(Path(run.repo.path), state.folder, store, run.repo.commit)
    memory = memory_of(run, state.folder, settings.memory, journal)
    tools = Tools(
        client=client, prompts=Prompts(), trees=store, blobs=blobs, policy=policy, settings=settings,
        note=lambda event, facts: journal.note(run.id, event, **facts),
        run_tests=lambda tree, selection, scope: try_tests(bench, scope, tree, selection).text,
        issuer=Issuer(_seal(run, state), settings.grants, settings.budget.run_minutes, state.clock.now),
        withheld=client.guard.allowed, view=view, recall=memory.recall,
        history=history_of(store.folder, run.repo.commit),
        package=lambda name, scope: about_package(bench, scope, run.repo.tree, name),
        command=lambda tree, command, scope: run_command(bench, scope, tree, command),
        connect=_mcp, screenshot=partial(screenshot, bench, _pictures(run, state)),
    )  # fmt: skip
    forge = state.folder / "forge" / digest(str(git_folder(Path(run.repo.path))))[:16]
    return Shop(
        settings=settings, kept=blobs.put(settings.to_json().encode()), journal=journal, trees=store,
        blobs=blobs, sandbox=sandbox, branches=RecordedBranches(LocalBranches(store), outbox),
        pulls=RecordedPulls(LocalPulls(forge), outbox), roster=roster(),
        desk=Desks(tools, settings, issue_key(run)), clock=state.clock, watcher=watcher,
        policy=policy, bench=bench, folders=(*out, state.run_folder(run.id)),
        memory=memory, view=view, embed=embedder(settings, os.environ, kept, state.folder / "graph" / "vectors.db"),
        story=lambda now: story_of(now, state.journal, store, blobs, spend.by_role(now.id),
                                   egress.by_endpoint(now.id, sizes_of(store, now.repo.tree)),
                                   recorded_label(settings)).but(yardstick=yardstick(settings.endpoints.values())),
    )  # fmt: skip


def _mcp(servers: Mapping[str, McpSettings]) -> Connections:
    """To the MCP servers that a role was granted; nothing is started before the first use."""
    from factory.desk.mcp_client import McpConnections

    return McpConnections(servers, os.environ)


def _admit_check(state: State, minutes: float | None, run: str) -> None:
    """Raises Stopped('budget') when a run's checks have had their time: a loop may not test for ever."""
    used = state.journal.seconds(run, "check") + state.journal.seconds(run, "screenshot")
    if minutes is not None and used >= minutes * 60:
        raise Stopped(
            "budget",
            f"The budget run_sandbox_minutes = {minutes:g} is used up: the checks took {used / 60:.1f} minutes. "
            f"Raise budget.run_sandbox_minutes, then run `factory resume {run}`.",
        )


def spend_of(state: State, settings: Settings) -> Spend:
    return Spend(state.db, settings.budget, state.clock)


def recorded_label(settings: Settings) -> str:
    """What the report calls answers that come from files; "" when every endpoint is a model's."""
    files = [Path(each.script) for each in settings.endpoints.values() if each.wire == "scripted" and each.script]
    if not files:
        return ""
    return (read_script(files[0]).label if files[0].is_file() else "") or "recorded answers"


def _notify(run: Run, journal: Journal, watcher: Watcher) -> Callable[[str, Json], None]:
    """What the client reports goes to the live view; what a reader must know later also into the trail."""

    def hear(event: str, facts: Json) -> None:
        watcher.tell(event, **{key: value for key, value in facts.items() if key != "kind"})
        if event in ("fallback", "budget_80", "note"):
            journal.note(run.id, event, **{key: value for key, value in facts.items() if key != "run"})

    return hear


def _date(store: Store, run: Run) -> str:
    """The base commit's date, ISO 8601: what files in the sandbox are dated with."""
    return store.git("show", "-s", "--format=%cI", run.repo.commit).decode().strip()


class Replayed(Record):
    """What a replay reached; it is the same as what was recorded, else ReplayDiffers was raised."""

    run: str
    steps: int
    tree: str
    verdict: str
    confidence: float


def replay_run(state: State, recorded: Run, rerun_checks: bool) -> Replayed:
    """Walk the run again from its event to the verdict, offline. Raises ReplayDiffers with the first difference."""
    if _end(recorded) in ("interrupted", "cancelled_by_human") or not (recorded.output or recorded.stopped):
        raise UsageProblem(f"Run {recorded.id} is not finished: `factory resume {recorded.id}` first.")
    journal = ReplayJournal(state.journal, rerun_checks)
    again = _walked_again(state, recorded, journal)
    verdict = again.verdict or Verdict(decision="REVISE", confidence=0)
    before = recorded.verdict or Verdict(decision="REVISE", confidence=0)
    for name, old, new in (
        ("the candidate's tree", recorded.tree, again.tree),
        ("the verdict", before.decision, verdict.decision),
        ("the confidence", before.confidence, verdict.confidence),
        ("how it ended", _end(recorded), _end(again)),
    ):
        if old != new:
            raise ReplayDiffers(f"{name} was {old or 'none'}, is {new or 'none'}.")
    judged = verdict.decision if again.verdict else ""
    return Replayed(run=recorded.id, steps=journal.used, tree=again.tree, verdict=judged, confidence=verdict.confidence)


def _walked_again(state: State, recorded: Run, journal: ReplayJournal) -> Run:
    """Each stage under the settings it was recorded under; nothing is delivered."""
    from factory.stages.deliver import deliver
    from factory.stages.line import following, guard, place_of

    run = Run(id=recorded.id, created=recorded.created, repo=recorded.repo, event=recorded.event,
              sandbox=recorded.sandbox, settings=recorded.settings, seal=recorded.seal)  # fmt: skip
    shops: dict[str, Shop] = {}
    while not run.stopped and (stage := following(run)) not in (None, deliver):
        blob = recorded.resettled.get(place_of(stage, run), recorded.settings)
        if blob not in shops:
            settings = Settings.from_json(state.blobs(run.id).get(blob))
            shops[blob] = make_shop(run, state, settings, Nobody(), replay=journal)
        run = guard(stage, run, shops[blob])
    return run


def _end(run: Run) -> str:
    return run.stopped.reason if run.stopped else "finished"

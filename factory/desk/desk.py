"""The desk of one role: asking, writing in one shot, working in the tool loop. Implements contracts.seams.Desk.

Money, retries, routing and the recording of exchanges happen behind it, in the client.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from factory.codegraph.graph.graph import Graph
from factory.codegraph.view import View
from factory.contracts.change import Change
from factory.contracts.errors import BadReply, EditProblem
from factory.contracts.memory import Lessons, Question, Recalled
from factory.contracts.model import Endpoint, Message, OutputSchema, Piece, Reply, Request, Tier, ToolSpec, within
from factory.contracts.plan import Unit
from factory.contracts.record import Json, Record
from factory.contracts.seams import Answer, Blobs, Scope, Trees
from factory.contracts.task import Pack
from factory.desk.graph_tool import GraphOf
from factory.desk.loop import Caps, Loop
from factory.desk.pieces import pieces_of
from factory.desk.recall_tool import question, told
from factory.desk.reply import asked, said
from factory.desk.sources import few, fitted, now
from factory.desk.tools import Bench
from factory.desk.window import History
from factory.desk.withheld import Unseen, permitted
from factory.edits.blocks import parse
from factory.edits.draft import Draft
from factory.edits.paths import PathPolicy
from factory.llm.client import Account, Client, Heard
from factory.llm.structured import parse_json, schema_of
from factory.llm.tokens import estimate
from factory.prompting import Prompts, Rendered
from factory.settings import Settings

T = TypeVar("T", bound=Record)

ONE_SHOT, ONE_STEP = 8_192, 4_096  # tokens of an answer; the client raises it once when that cut one off
STEADY, VARIED = 0.2, 0.7  # temperature of the first sample, and of those whose difference is wanted
UNKNOWN_CONTEXT = 65_536
PACK_SHARE, OWN_SHARE = 4, 5  # at most this part of the smallest window that may answer: the pack, a unit's own files


@dataclass(frozen=True)
class Tools:
    """The machinery behind every desk of a run. `run_tests(tree, selection, scope)` journals its own steps."""

    client: Client
    prompts: Prompts
    trees: Trees
    blobs: Blobs
    policy: PathPolicy
    settings: Settings
    note: Callable[[str, Json], None]
    run_tests: Callable[[str, str, Scope], str]
    clock: Callable[[], float] = time.monotonic
    withheld: Callable[[str, Tier], str] = lambda path, tier: ""  # why a file may not go to endpoints of a tier
    view: Callable[[str], View] | None = None  # the code graph of a tree; None: the tool `graph` says it has none
    recall: Callable[[Question], Lessons] = lambda question: Lessons()


class Tick(Record):
    """A step of a loop, as it lies in the journal: seconds since the loop began, so that a replay ends where it did."""

    step: int


class Elapsed(Record):
    seconds: float


class Workdesk:
    """One role's desk at one place of a run. `sample` > 0 asks for an independent answer to the same question."""

    def __init__(
        self,
        tools: Tools,
        role: str,
        scope: Scope,
        account: Account,
        effort: int,
        ceiling: Tier,
        *,
        escalation: bool = False,
        avoid: tuple[str, ...] = (),
        sample: int = 0,
    ) -> None:
        self.tools, self.role, self.scope, self.account = tools, role, scope, account
        self.effort, self.ceiling, self.escalation, self.avoid, self.sample = (
            effort, ceiling, escalation, avoid, sample,
        )  # fmt: skip

    def ask(self, template: str, output: type[T], **facts: Any) -> Answer[T]:
        facts = self._shown(facts)
        rendered = self.tools.prompts.render(template, **facts)
        request = self._request(template, rendered, pieces_of(facts.values()), output=schema_of(output))

        def accept(reply: Reply) -> T:
            if reply.finish == "length":
                raise BadReply(self._nudge("cut_json"))
            return parse_json(reply.text, output)

        heard = self._converse(request, accept)
        # Answer is made for the very record, so that its JSON holds the record's own fields
        shape: type[Answer[T]] = Answer.__class_getitem__(output)  # type: ignore[assignment]  # output is a value here
        return shape(value=heard.value, margin=heard.reply.margin, model=heard.reply.model,
                     endpoint=heard.endpoint, tier=heard.tier)  # fmt: skip

    def write(self, template: str, unit: Unit, tree: str, **facts: Any) -> Change:
        facts = self._facts(unit, tree, facts)
        rendered = self.tools.prompts.render(template, **facts, tools=(), native=False)
        request = self._request(template, rendered, pieces_of(facts.values()), max_tokens=ONE_SHOT)

        def accept(reply: Reply) -> tuple[Draft, tuple[str, ...]]:
            if reply.finish == "length":
                raise BadReply(self._nudge("cut_once"))
            draft = self._draft(unit, tree)
            try:
                notes = tuple(draft.apply(parse(asked(reply).edits)))
            except EditProblem as problem:
                raise BadReply(self._nudge("edit_problem", str(problem))) from problem
            if not draft.changes():
                raise BadReply(self._nudge("no_edit"))
            return draft, notes

        heard = self._converse(request, accept)
        draft, notes = heard.value
        return _change(
            unit, tree, draft, models=(heard.reply.model,), steps=1, notes=notes,
            summary=said(heard.reply), reproduction=asked(heard.reply).reproduction,
        )  # fmt: skip

    def work(self, template: str, unit: Unit, tree: str, **facts: Any) -> Change:
        specs, native = self.tools.prompts.tools(), self._native()
        facts = self._facts(unit, tree, facts)
        rendered = self.tools.prompts.render(template, **facts, tools=specs, native=native)
        draft = self._draft(unit, tree)

        def hear(history: History) -> Heard[Reply]:
            request = self._request(template, rendered, history.pieces, specs if native else ())
            return self._converse(request.but(messages=history.messages), lambda reply: reply)

        loop = Loop(
            hear=hear,
            elapsed=self._stopwatch(),
            nudge=self._nudge,
            bench=Bench(
                draft, self.tools.trees, self._run_tests, self.tools.note, self._withheld, self._graph(), self._lessons
            ),
            caps=self._caps(specs),
            may_decline=_asked_by_people(facts.get("finding")),
            history=History(rendered.system, rendered.user, pieces_of(facts.values())),
        )
        loop.run()
        ending = () if loop.ended == "finished" else (f"the tool loop ended early: {loop.ended}",)
        return _change(
            unit, tree, draft, models=tuple(loop.models), steps=loop.steps, notes=(*loop.notes, *ending),
            summary=loop.summary, reproduction=loop.reproduction, why=loop.ended,
        )  # fmt: skip

    def _graph(self) -> GraphOf | None:
        """The graph of a draft's newest tree, for this loop alone: a view is made for one thread."""
        view = self.tools.view
        return lru_cache(maxsize=1)(lambda tree: Graph(view(tree))) if view else None

    def recall(self, query: str) -> tuple[str, ...]:
        """A few lessons, each with its source: data, like everything that a prompt shows."""
        return tuple(told(each) for each in self._lessons(query))

    def _lessons(self, about: str) -> tuple[Recalled, ...]:
        """A step of the journal: a replay sees what the first run saw, whatever was learned since."""
        asked_for = question(about)
        found = self.scope.step("recall", asked_for, lambda: self.tools.recall(asked_for), Lessons).found
        seen: tuple[Recalled, ...] = permitted(found, self._withheld)
        return seen

    def _facts(self, unit: Unit, tree: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The role's facts with the unit, and with files as they are in the unit's tree beside the pack."""
        facts = self._shown(facts)
        pack = facts["pack"]
        first = getattr(facts.get("finding"), "path", "")
        room = min(self.tools.settings.line.pack_tokens, self._context() // OWN_SHARE)
        return {"unit": unit, **facts, "now": now(self.tools.trees, tree, unit, pack, room, first, self._withheld)}

    def _shown(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Facts as the endpoints that may answer may see them, packs and lessons within their windows."""
        room = self._context() // PACK_SHARE
        seen = {name: permitted(fact, self._withheld) for name, fact in facts.items()}
        if "lessons" in seen:
            seen["lessons"] = few(seen["lessons"], int(room * self.tools.settings.memory.share))
        return {name: fitted(fact, room) if isinstance(fact, Pack) else fact for name, fact in seen.items()}

    def _withheld(self, path: str) -> str:
        """Why a file may not go to one of the endpoints that may answer, or ''."""
        tiers = {endpoint.tier for endpoint in self._endpoints()} - {"local"}
        return next((why for tier in sorted(tiers) if (why := self.tools.withheld(path, tier))), "")

    def _context(self) -> int:
        return min((endpoint.context for endpoint in self._endpoints()), default=UNKNOWN_CONTEXT)

    def _draft(self, unit: Unit, tree: str) -> Draft:
        policy = Unseen(**dict(self.tools.policy), withheld=self._withheld)
        guard = self.tools.client.guard
        guard.see(tree)
        return Draft(self.tools.trees, tree, unit.owns, policy, unit.removes, guard.redaction)

    def _request(
        self, template: str, rendered: Rendered, pieces: tuple[Piece, ...], tools: tuple[ToolSpec, ...] = (),
        output: OutputSchema | None = None, max_tokens: int = ONE_STEP,
    ) -> Request:  # fmt: skip
        """A request with nothing in it that depends on time, run or place: a replay compares its digest."""
        messages = (Message(role="system", text=rendered.system), Message(role="user", text=rendered.user))
        return Request(
            role=self.role, template=template, template_hash=rendered.hash, messages=messages, tools=tools,
            output=output, max_tokens=max_tokens, temperature=VARIED if self.sample else STEADY,
            effort=self.effort, ceiling=self.ceiling, sample=self.sample, pieces=pieces,
        )  # fmt: skip

    def _converse(self, request: Request, accept: Callable[[Reply], Any]) -> Heard[Any]:
        return self.tools.client.converse(
            request, self.account, self.scope, accept, avoid=self.avoid, escalation=self.escalation
        )

    def _endpoints(self) -> tuple[Endpoint, ...]:
        chain = self.tools.settings.endpoints_for(self.role, self.effort)
        return tuple(one for one in chain if within(one.tier, self.ceiling) and one.name not in self.avoid)

    def _native(self) -> bool:
        """Native tool calls only when each endpoint that may answer takes them; else tools are text."""
        return all(endpoint.tools and endpoint.wire != "command" for endpoint in self._endpoints())

    def _caps(self, specs: tuple[ToolSpec, ...]) -> Caps:
        line = self.tools.settings.line
        context = self._context()
        taken = min(ONE_SHOT, context // 4) + sum(estimate(spec.to_json()) for spec in specs)
        return Caps(line.max_steps, int(line.loop_usd * 1_000_000), line.loop_minutes * 60, line.format_errors,
                    context - taken)  # fmt: skip

    def _nudge(self, kind: str, detail: str = "") -> str:
        return self.tools.prompts.render(f"desk/{kind}", detail=detail, native=self._native()).user.rstrip("\n")

    def _run_tests(self, tree: str, selection: str) -> str:
        return self.tools.run_tests(tree, selection, self.scope)

    def _stopwatch(self) -> Callable[[int], float]:
        """Seconds worked up to a step: journalled, so that pauses between kill and resume do not count."""
        last, before = self.tools.clock(), 0.0

        def elapsed(step: int) -> float:
            nonlocal last, before
            before = self.scope.step(
                "tick", Tick(step=step), lambda: Elapsed(seconds=before + self.tools.clock() - last), Elapsed
            ).seconds
            last = self.tools.clock()
            return before

        return elapsed


def _asked_by_people(finding: Any) -> bool:
    """A remark may be wrong: then the answer says so, and nothing is changed."""
    return str(getattr(finding, "source", "")).startswith(("review.", "ci."))


def _change(unit: Unit, tree: str, draft: Draft, why: str = "", **more: Any) -> Change:
    files = draft.changes()
    error = "" if files else f"nothing was changed: {why}"
    return Change(unit=unit.id, role=unit.role, title=unit.title, base=tree, files=files, error=error, **more)

"""The desk of one role: asking, writing in one shot, working in the tool loop. Implements contracts.seams.Desk.

Money, retries, routing and the recording of exchanges happen behind it, in the client.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from factory.codegraph.graph.graph import Graph
from factory.contracts.change import Change
from factory.contracts.errors import BadReply, EditProblem, Stopped
from factory.contracts.memory import Lessons, Recalled
from factory.contracts.model import Endpoint, Message, OutputSchema, Piece, Reply, Request, Tier, ToolSpec, within
from factory.contracts.plan import Unit
from factory.contracts.record import Json, Record
from factory.contracts.seams import Answer, Scope
from factory.contracts.task import Pack
from factory.desk.grants import Gate, Holder, may_read, use_of
from factory.desk.graph_tool import GraphOf
from factory.desk.history_tool import AskHistory, Told
from factory.desk.loop import Caps, Loop
from factory.desk.machinery import Tools
from factory.desk.mcp_tools import Servers, reachable, serving, shut
from factory.desk.offered import offered
from factory.desk.pieces import pieces_of
from factory.desk.reason_tool import Reasoner, reasoners
from factory.desk.recall_tool import question, told
from factory.desk.reply import asked, said
from factory.desk.screenshot_tool import Screens, blind_for
from factory.desk.sources import few, fitted, now
from factory.desk.stopwatch import stopwatch
from factory.desk.tools import Bench
from factory.desk.window import History
from factory.desk.withheld import Unseen, not_granted, permitted
from factory.edits.blocks import parse
from factory.edits.draft import Draft
from factory.llm.client import Account, Heard
from factory.llm.outside import cleared
from factory.llm.structured import parse_json, schema_of
from factory.llm.tokens import estimate
from factory.prompting import Rendered, printable

T = TypeVar("T", bound=Record)

ONE_SHOT, ONE_STEP = 8_192, 4_096  # tokens of an answer; the client raises it once when that cut one off
STEADY, VARIED = 0.2, 0.7  # temperature of the first sample, and of those whose difference is wanted
UNKNOWN_CONTEXT = 65_536
PACK_SHARE, OWN_SHARE = 4, 5  # at most this part of the smallest window that may answer: the pack, a unit's own files


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
        self.grant = tools.issuer.issue(Holder(account.run, role, ""))

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
        gate = self._gate(unit)
        facts = self._facts(unit, tree, facts)
        rendered = self.tools.prompts.render(template, **facts, tools=(), native=False)
        request = self._request(template, rendered, pieces_of(facts.values()), max_tokens=ONE_SHOT)

        def accept(reply: Reply) -> tuple[Draft, tuple[str, ...]]:
            if reply.finish == "length":
                raise BadReply(self._nudge("cut_once"))
            ruling = gate.rule(use_of("edit", printable(reply.text)))
            if not ruling.allowed:
                raise Stopped("refused", f"{unit.id} wrote nothing: {ruling.why}.")
            draft = self._draft(unit, tree, gate)
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
        gate = self._gate(unit)
        connections = self.tools.connect(self.tools.settings.mcp) if self.tools.connect and gate.grant.mcp else None
        try:
            known = self.tools.settings.mcp
            names = reachable(gate.grant.mcp, known, self.ceiling, self.tools.note)
            servers = serving(names, known, connections, self.scope, self.tools.note, self._leaving)
            return self._worked(template, unit, tree, facts, gate, servers)
        finally:
            shut(connections)

    def _worked(
        self, template: str, unit: Unit, tree: str, facts: Mapping[str, Any], gate: Gate, servers: Servers
    ) -> Change:  # fmt: skip
        reasoner = self._reasoner(gate)
        there = (("reason", self._reasoners()), ("history", self.tools.history),
                 ("screenshot", self.tools.screenshot))  # fmt: skip
        has = frozenset(name for name, what in there if what)
        narrowed = self.tools.issuer.narrowed(self.role)
        known, pages = self.tools.prompts.tools(), self.tools.settings.pages
        specs = (*offered(known, gate.grant, has, narrowed, pages), *servers.specs)
        native = self._native()
        facts = self._facts(unit, tree, facts)
        rendered = self.tools.prompts.render(template, **facts, tools=specs, native=native)

        def hear(history: History) -> Heard[Reply]:
            request = self._request(template, rendered, history.pieces, specs if native else ())
            return self._converse(request.but(messages=history.messages), lambda reply: reply)

        loop = Loop(
            hear=hear,
            elapsed=stopwatch(self.scope, self.tools.clock),
            nudge=self._nudge,
            bench=self._bench(unit, tree, gate, reasoner, servers),
            caps=self._caps(specs),
            may_decline=_asked_by_people(facts.get("finding")),
            history=History(rendered.system, rendered.user, pieces_of(facts.values())),
        )
        loop.run()
        ending = () if loop.ended == "finished" else (f"the tool loop ended early: {loop.ended}",)
        return _change(
            unit, tree, loop.bench.draft, models=tuple(loop.models), steps=loop.steps, notes=(*loop.notes, *ending),
            summary=loop.summary, reproduction=loop.reproduction, why=loop.ended,
        )  # fmt: skip

    def _leaving(self, server: str, tier: Tier, arguments: Json) -> Json:
        return cleared(self.tools.client.guard, self.account.run, f"mcp-{server}", tier, arguments)

    def _bench(self, unit: Unit, tree: str, gate: Gate, reasoner: Reasoner | None, servers: Servers) -> Bench:
        tools = self.tools
        return Bench(
            self._draft(unit, tree, gate), tools.trees, self._run_tests, tools.note, gate, self._withheld,
            self._graph(), self._lessons, history=self._history if tools.history else None,
            package=lambda name: tools.package(name, self.scope),
            command=lambda tree, command: tools.command(tree, command, self.scope),
            reasoner=reasoner, servers=servers, screens=self._screens(),
        )  # fmt: skip

    def _gate(self, unit: Unit) -> Gate:
        """The unit's grant, at the gate that its tools and edits go through; what it may read holds from here on."""
        issuer, holder = self.tools.issuer, Holder(self.account.run, self.role, unit.id)
        self.grant = issuer.issue(holder, unit.owns)
        return Gate(self.grant, holder, issuer.key, issuer.now, self.scope, self.tools.note)

    def _reasoners(self) -> tuple[Endpoint, ...]:
        return reasoners(self.tools.settings, self.ceiling, self._endpoints())

    def _reasoner(self, gate: Gate) -> Reasoner | None:
        who = self._reasoners()
        if not who or "reason" not in gate.grant.tools:
            return None
        return Reasoner(self.tools.client, self.tools.prompts, self.account, self.scope, self.ceiling, who,
                        gate.grant.money)  # fmt: skip

    def _screens(self) -> Screens | None:
        look, scope = self.tools.screenshot, self.scope
        pages, endpoints = self.tools.settings.pages, self._endpoints()
        return Screens(lambda view: look(view, scope), pages, blind_for(endpoints)) if look else None

    def _history(self, wanted: AskHistory) -> Told:
        """A step of the journal: git may have been too slow the first time."""
        assert self.tools.history
        ask = self.tools.history
        return self.scope.step("history", wanted, lambda: ask(wanted), Told)

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
        """Why a file may not go to one of the endpoints that may answer, or may not be read by this role, or ''."""
        if not may_read(self.grant, path):
            return not_granted(self.grant.reads)
        tiers = {endpoint.tier for endpoint in self._endpoints()} - {"local"}
        return next((why for tier in sorted(tiers) if (why := self.tools.withheld(path, tier))), "")

    def _context(self) -> int:
        return min((endpoint.context for endpoint in self._endpoints()), default=UNKNOWN_CONTEXT)

    def _draft(self, unit: Unit, tree: str, gate: Gate) -> Draft:
        policy = Unseen(**dict(self.tools.policy), withheld=self._withheld)
        guard = self.tools.client.guard
        guard.see(tree)
        return Draft(self.tools.trees, tree, gate.grant.writes, policy, unit.removes, guard.redaction)

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


def _asked_by_people(finding: Any) -> bool:
    """A remark may be wrong: then the answer says so, and nothing is changed."""
    return str(getattr(finding, "source", "")).startswith(("review.", "ci."))


def _change(unit: Unit, tree: str, draft: Draft, why: str = "", **more: Any) -> Change:
    files = draft.changes()
    error = "" if files else f"nothing was changed: {why}"
    return Change(unit=unit.id, role=unit.role, title=unit.title, base=tree, files=files, error=error, **more)

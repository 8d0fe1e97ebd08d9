"""The story of a run: what the journal and the ledgers know of it, looked up once for all renderers."""

import json
from collections.abc import Sequence
from datetime import datetime

from factory.contracts.model import Exchange, ToolCall
from factory.contracts.run import Run
from factory.contracts.seams import Blobs, TreeReader
from factory.contracts.story import Cost, Sent, Span, Story, Talk
from factory.ledger.journal import SqliteJournal, Step

MAX_DIFF = 2_000_000
MAX_LOG = 1_000_000
MAX_SAID = 16_000  # characters of one side of an exchange


def story_of(run: Run, journal: SqliteJournal, trees: TreeReader, blobs: Blobs, costs: Sequence[Cost],
             sent: Sequence[Sent], recorded: str) -> Story:  # fmt: skip
    """Everything a reader may ask about the run. `recorded`: the label of scripted answers, when no model was asked."""
    bars, talks = [], []
    for step in journal.steps(run.id):  # one by one: the texts of a long run do not fit into memory together
        bars.append((step.but(input="", output=""), _label(step)))
        if step.kind == "exchange":
            talks.append(_talk(step))
    diff = trees.diff(run.repo.tree, run.tree) if run.tree and run.tree != run.repo.tree else ""
    return Story(
        run=run,
        diff=diff[:MAX_DIFF],
        spans=tuple(_spans(bars)),
        talks=tuple(talks),
        costs=tuple(costs),
        sent=tuple(sent),
        trail=tuple(
            f"{at} {event} {json.dumps(facts, ensure_ascii=False)}" for at, event, facts in journal.trail(run.id)
        ),
        logs=_logs(run, blobs),
        recorded=recorded,
    )


def _spans(bars: Sequence[tuple[Step, str]]) -> list[Span]:
    """One bar a step with its label, and one for each stage around its steps."""
    if not bars:
        return []
    zero = min(_time(step.started) for step, _ in bars)
    spans: list[Span] = []
    stages: dict[str, tuple[float, float]] = {}
    for step, label in bars:
        if step.kind == "tick":  # the tool loop's own clock
            continue
        start = _time(step.started) - zero
        spans.append(
            Span(stage=step.stage, unit=step.unit, kind=step.kind, label=label, start=start, seconds=step.seconds)
        )
        low, high = stages.get(step.stage, (start, start))
        stages[step.stage] = (min(low, start), max(high, start + step.seconds))
    whole = [
        Span(stage=name, unit="", kind="stage", label=name, start=low, seconds=high - low)
        for name, (low, high) in stages.items()
    ]
    return [*whole, *spans]


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _label(step: Step) -> str:
    request = json.loads(step.input)
    inner = request.get("request", request)
    return str(inner.get("template") or inner.get("suite") or inner.get("name") or step.kind)


def _talk(step: Step) -> Talk:
    exchange = Exchange.from_json(step.output)
    reply, request = exchange.reply, exchange.request
    said = "\n\n".join(f"[{message.role}]\n{message.text}{_calls(message.calls)}" for message in request.messages)
    answer = f"{reply.text}{_calls(reply.calls)}" if reply else ""
    return Talk(
        stage=step.stage, unit=step.unit, n=step.n, role=request.role, template=request.template,
        endpoint=exchange.endpoint, tier=exchange.tier, model=reply.model if reply else "", seconds=exchange.seconds,
        cost=exchange.cost, tokens_in=reply.usage.input if reply else 0, tokens_out=reply.usage.output if reply else 0,
        request=_cut(said), reply=_cut(answer),
        problem=f"{exchange.problem}: {exchange.message}" if exchange.problem else "",
    )  # fmt: skip


def _cut(text: str) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= MAX_SAID:
        return text
    head, tail = MAX_SAID * 2 // 3 - 100, MAX_SAID // 3
    return f"{text[:head]}\n[… {len(text) - head - tail:,} characters left out …]\n{text[-tail:]}"


def _calls(calls: Sequence[ToolCall]) -> str:
    return "".join(f"\n-> {call.name}({call.arguments})" for call in calls)


def _logs(run: Run, blobs: Blobs) -> dict[str, str]:
    """The logs of the last evidence: what the tables point at."""
    if run.evidence is None:
        return {}
    suites = run.evidence.suites
    keys = {key for each in suites for key in (each.base.log, each.candidate.log, each.candidate.cases) if key}
    return {key: blobs.get(key).decode(errors="replace")[-MAX_LOG:] for key in sorted(keys)}

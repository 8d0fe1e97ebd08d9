"""All lines of one repository become its lessons: distilled, weighed by the runs that had them, decided by people."""

from collections.abc import Iterable, Sequence

from factory.contracts.memory import Decision, Lesson, Line, Link, Observation, State, Suggestion, short_id
from factory.contracts.memory_settings import MemorySettings
from factory.memory.decay import DAY_S, votes, weight
from factory.memory.distil import Draft, distil
from factory.memory.fold import Past, folded
from factory.memory.lines import epoch, iso

MOST_DRAWN = 4  # times `per_repository`: lessons that are kept at all


def drawn(repo: str, lines: Sequence[tuple[Line, bool]], settings: MemorySettings) -> list[Lesson]:
    """The lessons, without regard to time: decay is taken when they are read. Each line comes with whether it is
    this machine's own. Raises nothing for any set of valid lines."""
    said = decided(lines, settings.shared_approvals)
    forgotten = {target for target, each in said.items() if each.what == "forget"}
    seen = [line for line, _ in lines if isinstance(line, Observation) and line.run not in forgotten]
    told = [line for line, _ in lines if isinstance(line, Suggestion) and line.run not in forgotten]
    runs = folded(seen)
    keep = settings.keep_days * DAY_S
    found = [_derived(repo, draft, runs, said, keep) for draft in distil(runs)]
    found += _prose(repo, told, runs, said, keep)
    kept = [each for each in found if each.id not in forgotten]
    # a person's word is heard first: prose that waits for one is not crowded out by what we count ourselves
    order = sorted(kept, key=lambda each: (not each.prose, -each.weight, each.seen, each.id))
    return order[: settings.per_repository * MOST_DRAWN]


def decided(lines: Iterable[tuple[Line, bool]], trust_shared: bool) -> dict[str, Decision]:
    """The newest word on each target. What came from elsewhere can take away, and adds only when settings say so."""
    found: dict[str, Decision] = {}
    for line, ours in lines:
        if not isinstance(line, Decision) or (line.what == "approve" and not ours and not trust_shared):
            continue
        before = found.get(line.target)
        if before is None or (line.at, line.id) > (before.at, before.id):
            found[line.target] = line
    return found


def _derived(repo: str, draft: Draft, runs: list[Past], said: dict[str, Decision], keep: float) -> Lesson:
    helped, failed = votes(draft.id, runs, draft)
    first, last = draft.runs[-1], draft.runs[0]
    more = f" and {len(draft.runs) - 1} before" if len(draft.runs) > 1 else ""
    decision = said.get(draft.id)
    state: State = "rejected" if decision and decision.what == "reject" else "active"
    return Lesson(
        id=draft.id, repo=repo, kind=draft.kind, text=draft.text[:600], source=(last.source + more)[:200], state=state,
        weight=weight(draft.base, helped, failed), made=first.at, seen=last.at, expires=_after(last.at, keep),
        helped=helped, failed=failed, links=draft.links,
    )  # fmt: skip


def _prose(repo: str, told: list[Suggestion], runs: list[Past], said: dict[str, Decision], keep: float) -> list[Lesson]:
    """An agent's words, once for each wording: pending until a person approves."""
    found: dict[str, Lesson] = {}
    for line in sorted(told, key=lambda line: (line.at, line.id), reverse=True):
        key = prose_id(line.text)
        decision = said.get(key)
        state: State = "pending"
        seen = line.at
        if decision:
            state = "active" if decision.what == "approve" else "rejected"
            seen = max(seen, decision.at)
        helped, failed = votes(key, runs)
        found.setdefault(key, Lesson(
            id=key, repo=repo, kind="said", text=line.text, source=f"{line.role or 'an agent'} in run {line.run}",
            prose=True, state=state, weight=weight(0.5, helped, failed), made=line.at, seen=seen,
            expires=_after(seen, keep), helped=helped, failed=failed,
            links=tuple(Link(kind="file", name=path) for path in line.paths),
        ))  # fmt: skip
    return list(found.values())


def prose_id(text: str) -> str:
    return short_id("said", text)


def _after(at: str, seconds: float) -> str:
    return iso((epoch(at) or 0.0) + seconds)

"""The tool loop: ask, do what was asked for, show what came of it, until it is finished or a cap is reached."""

from collections.abc import Callable
from dataclasses import dataclass, field

from factory.contracts.errors import BadReply, Stopped
from factory.contracts.model import Reply
from factory.contracts.record import digest
from factory.desk.reply import Action, Asked, asked
from factory.desk.stuck import Turn, stuck
from factory.desk.tools import Bench
from factory.desk.window import History, Result
from factory.llm.client import Heard

MIN_REASON = 3  # words
MOST_ACTIONS = 8  # of one answer
CUT_KEPT = 1_000  # characters of a cut or unreadable answer that stay in the history
SKIPPED = Result("not executed: an action before it failed or ended the work", "[not executed]")


@dataclass(frozen=True)
class Caps:
    steps: int
    cost: int  # micro-dollars
    seconds: float
    format_errors: int  # consecutive
    window: int  # tokens of the history


@dataclass
class Loop:
    """One unit's work. All it does to the world goes through `bench`; `history` starts with system and task."""

    hear: Callable[[History], Heard[Reply]]
    elapsed: Callable[[int], float]  # seconds of work up to step n, journalled
    nudge: Callable[[str, str], str]  # (kind, detail) -> text for the model
    bench: Bench
    caps: Caps
    history: History
    may_decline: bool = False  # finish without a change, with a reason: an answer to people, not a failure
    steps: int = 0
    cost: int = 0
    format_errors: int = 0
    strikes: int = 0
    ended: str = ""  # why the loop is over
    summary: str = ""
    reproduction: str = ""
    models: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)

    def run(self) -> None:
        while not self.ended:
            self.step()

    def step(self) -> None:
        if not self.history.fit(self.caps.window):
            self.ended = "the work no longer fits into the model's window"
            return
        try:
            heard = self.hear(self.history)
        except Stopped as stop:
            if stop.reason != "model_unusable" or not self.bench.draft.changes():
                raise
            self.ended = f"no model gave a usable answer: {stop}"
            return
        self._act(heard)
        self._watch()

    def _act(self, heard: Heard[Reply]) -> None:
        self.steps += 1
        self.cost += heard.cost
        if heard.reply.model not in self.models:
            self.models.append(heard.reply.model)
        wanted = asked(heard.reply)
        self.reproduction = wanted.reproduction or self.reproduction
        if wanted.cause or wanted.empty:
            self.format_errors += 1
            self.history.refused(_kept(heard.reply, wanted), self.nudge(wanted.cause or "nothing", wanted.detail))
            self.turns.append(Turn(""))
            return
        unreadable, self.format_errors = self.format_errors, 0
        results = self._results(wanted)
        self.format_errors = unreadable + 1 if self.format_errors else 0
        self.history.answered(heard.reply, results)
        deeds = "\n".join([wanted.edits, *(f"{action.name} {action.arguments}" for action in wanted.actions)])
        self.turns.append(Turn(digest(deeds), digest("\n".join(result.text for _, result in results))))

    def _results(self, wanted: Asked) -> list[tuple[str, Result]]:
        """(call id, result) of the edits and of each action, in order; after a failed edit nothing else runs."""
        results: list[tuple[str, Result]] = []
        failed = False
        if wanted.edits:
            failed, result = self._edit(wanted.edits)
            results.append(("", result))
        for n, action in enumerate(wanted.actions):
            skip = failed or bool(self.ended) or n >= MOST_ACTIONS
            results.append((action.id, SKIPPED if skip else self._use(action)))
        return results

    def _edit(self, text: str) -> tuple[bool, Result]:
        notes, result = self.bench.edit(text)
        self.notes.extend(notes or ())
        return notes is None, result

    def _use(self, action: Action) -> Result:
        if action.name != "finish":
            try:
                return self.bench.use(action.name, action.arguments)
            except BadReply as problem:
                self.format_errors += 1
                return Result(f"error: {problem}", "[unreadable]")
        if not self.bench.draft.changes() and not self._declines(action):
            text = self.nudge("unchanged", "")
            return Result(text, text)
        self.ended = "finished"
        self.summary = str(action.arguments.get("summary", ""))[:2000]
        return Result("finished.", "finished.")

    def _declines(self, action: Action) -> bool:
        """Where a no is an answer, it comes with its reason."""
        return self.may_decline and len(str(action.arguments.get("summary", "")).split()) >= MIN_REASON

    def _watch(self) -> None:
        """The caps, and the stuck detector: one warning, then the end."""
        caps = self.caps
        reached = (
            (self.steps >= caps.steps, f"{caps.steps} steps"),
            (self.cost + self.bench.spent >= max(1, caps.cost), f"${caps.cost / 1e6:.2f}"),
            (self.elapsed(self.steps) >= caps.seconds, f"{caps.seconds / 60:g} minutes"),
            (self.format_errors >= caps.format_errors, f"{caps.format_errors} unreadable answers in a row"),
        )
        why = stuck(self.turns)
        self.strikes = self.strikes + 1 if why else 0
        if not self.ended:
            self.ended = next((f"stopped after {cap}" for hit, cap in reached if hit), "")
        if not self.ended and why:
            if self.strikes > 1 or why == "monologue":
                self.ended = f"stuck ({why})"
            else:
                self.history.remind(self.nudge("repeat", ""))


def _kept(reply: Reply, wanted: Asked) -> str:
    """What stays of an answer that was not executed: the model's own words, calls as text, a cut one shortened."""
    text = reply.text + "".join(f"\n{call.name}({call.arguments})" for call in reply.calls)
    return text[:CUT_KEPT] if wanted.cause else text

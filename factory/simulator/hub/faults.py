"""What goes wrong at GitHub, on demand and by rule: `Hub(folder, faults=FaultPlan(Rule("lost", "POST", "/comments")))`.

Kinds: `down` (5xx, nothing done) · `down_after` (5xx, but it was done) · `limited` (primary limit: remaining 0 until
the reset) · `slow_down` (secondary limit with retry-after) · `expired` (this token is 401 from now on) · `dropped`
(connection closed, nothing done) · `lost` (connection closed after it was done) · `slow` (the answer takes real
`seconds`) · `unseen` (what was made is missing from lists for `seconds` of the hub's clock) · `broken_link` and
`looping_link` (a list's Link header leads nowhere, or to the same page).
"""

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from factory.simulator.hub import limits
from factory.simulator.hub.routes import Answer, Call, Dropped, Refused

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

Kind = Literal[
    "down", "down_after", "limited", "slow_down", "expired", "dropped", "lost", "slow", "unseen", "broken_link",
    "looping_link",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
AFTER: tuple[Kind, ...] = ("down_after", "lost", "unseen", "broken_link", "looping_link")
NEXT = re.compile(r'<([^>]*)>; rel="next"')


@dataclass(frozen=True)
class Rule:
    """`method` and `path` (a regular expression that is searched) choose calls; of these `skip` pass first, then
    `times` are struck (0 = all), each with `chance`."""

    kind: Kind
    method: str = ""  # "" = every one
    path: str = ""
    skip: int = 0
    times: int = 1
    chance: float = 1.0
    seconds: float = 60.0  # retry-after, how long unseen, how slow
    status: int = 502

    def matches(self, call: Call) -> bool:
        return self.method in ("", call.method) and re.search(self.path, call.path) is not None


class FaultPlan:
    """The rules at work: plugs into `Hub(faults=…)`. `struck` says what was done: (kind, method, path)."""

    def __init__(self, *rules: Rule, seed: int = 0, sleep: Callable[[float], None] = time.sleep) -> None:
        self._random = random.Random(seed)  # noqa: S311  which calls fail is no secret
        self._sleep = sleep
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._seen: list[int] = []
        self._hit: list[int] = []
        self._unseen: dict[int, float] = {}  # id of what was made -> when lists show it
        self._hub: Hub | None = None
        self.struck: list[tuple[Kind, str, str]] = []
        self.add(*rules)

    def attach(self, hub: "Hub") -> None:
        """The hub does this: its clock, limits and tokens are what faults act on."""
        self._hub = hub

    def add(self, *rules: Rule) -> None:
        with self._lock:
            self._rules += rules
            self._seen += [0] * len(rules)
            self._hit += [0] * len(rules)

    def clear(self) -> None:
        """GitHub is well again; what is still unseen stays so until its time."""
        with self._lock:
            self._rules, self._seen, self._hit = [], [], []

    def before(self, call: Call) -> Answer | None:
        for rule in self._strikes(call, after=False):
            if rule.kind == "dropped":
                raise Dropped
            if rule.kind == "slow":
                self._sleep(rule.seconds)
                continue
            return self._instead(rule, call).answer()
        return None

    def after(self, call: Call, answer: Answer) -> Answer:
        answer = self._hidden(call, answer)
        for rule in self._strikes(call, after=True):
            if rule.kind == "lost":
                raise Dropped
            if rule.kind == "down_after":
                return _down(rule.status).answer()
            if rule.kind == "unseen":
                self._hide(rule, answer)
            else:
                _break_link(rule.kind, call, answer)
        return answer

    def _strikes(self, call: Call, after: bool) -> list[Rule]:
        """The rules that strike this call now; each match is counted."""
        found = []
        with self._lock:
            for place, rule in enumerate(self._rules):
                if (rule.kind in AFTER) != after or not rule.matches(call):
                    continue
                self._seen[place] += 1
                spent = rule.times and self._hit[place] >= rule.times
                if self._seen[place] <= rule.skip or spent or self._random.random() >= rule.chance:
                    continue
                self._hit[place] += 1
                self.struck.append((rule.kind, call.method, call.path))
                found.append(rule)
        return found

    def _instead(self, rule: Rule, call: Call) -> Refused:
        assert self._hub is not None, "this plan belongs to no hub: Hub(faults=plan)"
        if rule.kind == "limited":
            with self._hub.lock:
                return self._hub.limits.exhaust(call)
        if rule.kind == "slow_down":
            return limits.secondary(rule.seconds)
        if rule.kind == "expired":
            if call.token:
                call.token.expires = self._hub.epoch()
            return Refused(401, "Bad credentials")
        return _down(rule.status)

    def _hide(self, rule: Rule, answer: Answer) -> None:
        if answer.status == 201 and isinstance(answer.body, dict) and self._hub:
            with self._lock:
                self._unseen[answer.body.get("id", 0)] = self._hub.epoch() + rule.seconds

    def _hidden(self, call: Call, answer: Answer) -> Answer:
        """A list without what cannot be seen in it yet."""
        if call.method != "GET" or not self._hub or not self._unseen:
            return answer
        now = self._hub.epoch()
        young = {key for key, when in self._unseen.items() if when > now}
        if isinstance(answer.body, list):
            answer.body = _without(answer.body, young)
        elif isinstance(answer.body, dict) and "total_count" in answer.body:
            answer.body = {name: _without(value, young) if isinstance(value, list) else value
                           for name, value in answer.body.items()}  # fmt: skip
        return answer


def _without(items: list[Any], young: set[int]) -> list[Any]:
    return [item for item in items if not (isinstance(item, dict) and item.get("id") in young)]


def _down(status: int) -> Refused:
    words = {500: "Server Error", 502: "Server Error", 503: "Service Unavailable", 504: "Gateway Timeout"}
    return Refused(status, words.get(status, "Server Error"))


def _break_link(kind: Kind, call: Call, answer: Answer) -> None:
    """Only where there is a next page."""
    link = answer.headers.get("Link", "")
    found = NEXT.search(link)
    if not found:
        return
    here = re.sub(r"([?&])page=\d+", rf"\g<1>page={call.query.get('page', '1')}", found[1])
    target = here if kind == "looping_link" else "nowhere://"
    answer.headers["Link"] = link.replace(found[0], f'<{target}>; rel="next"')

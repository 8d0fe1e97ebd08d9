"""The tool `reason`: a hard question to the reasoning tier, through the run's own client, within the grant's money."""

from dataclasses import dataclass

from factory.contracts.errors import Stopped, StopReason
from factory.contracts.model import Endpoint, Message, Request, Tier, within
from factory.contracts.record import Field, Record
from factory.contracts.seams import Scope
from factory.desk.window import Result
from factory.llm.client import Account, Client
from factory.llm.prices import price_of, worst_case
from factory.llm.tokens import estimate
from factory.prompting import Prompts, fence, tame
from factory.settings import Settings

ROLE, EFFORT = "reason", 9  # what the chain is looked up by
ANSWER = 8_192  # tokens
TIMES = 4  # a unit
SHOWN = 12_000  # characters
GOES_ON: tuple[StopReason, ...] = ("no_model", "model_unusable", "rate_limited", "egress")  # the loop works without


class AskReason(Record):
    problem: str = Field(min_length=20, max_length=40_000)


@dataclass
class Reasoner:
    """For one loop. `spent` is in micro-dollars."""

    client: Client
    prompts: Prompts
    account: Account
    scope: Scope
    ceiling: Tier
    endpoints: tuple[Endpoint, ...]
    money: int
    spent: int = 0
    times: int = 0

    def ask(self, wanted: AskReason) -> Result:
        """Raises Stopped when the run itself must end: its budget, a wrong key."""
        if self.times >= TIMES:
            return _error(f"you have asked {TIMES} times already: go on with what you know")
        rendered = self.prompts.render("gateway/reason", problem=wanted.problem)
        left = self.money - self.spent
        dear = tuple(each.name for each in self.endpoints if _worst(each, rendered.system + rendered.user) > left)
        if len(dear) == len(self.endpoints):
            return _error(f"the ${left / 1e6:.2f} that are left for it do not pay an answer")
        messages = (Message(role="system", text=rendered.system), Message(role="user", text=rendered.user))
        request = Request(role=ROLE, template="gateway/reason", template_hash=rendered.hash, messages=messages,
                          max_tokens=ANSWER, effort=EFFORT, ceiling=self.ceiling)  # fmt: skip
        self.times += 1
        try:
            heard = self.client.converse(request, self.account, self.scope, lambda reply: reply.text, avoid=dear)
        except Stopped as stop:
            if stop.reason not in GOES_ON:
                raise
            return _error(f"the reasoning model could not be asked: {stop}")
        self.spent += heard.cost
        body = tame(heard.value.strip())[:SHOWN]
        mark = fence(body)
        said = "the reasoning model answers (advice to check, not an order):"
        return Result(f"{said}\n{mark}\n{body}\n{mark}", f"[output dropped: reason, {wanted.problem[:80]!r}]")


def reasoners(settings: Settings, ceiling: Tier, own: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """Who may be asked; () when that is nobody but who works on it already."""
    found = tuple(one for one in settings.endpoints_for(ROLE, EFFORT) if within(one.tier, ceiling))
    return found if {one.name for one in found} - {one.name for one in own} else ()


def _worst(endpoint: Endpoint, prompt: str) -> int:
    price = price_of(endpoint)
    return worst_case(price, estimate(prompt), min(ANSWER, endpoint.max_output)) if price else 0


def _error(why: str) -> Result:
    return Result(f"error: {why}.", "[reason: not answered]")

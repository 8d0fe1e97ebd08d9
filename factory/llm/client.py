"""The one client: a request goes down its chain of endpoints until an answer is accepted.

`converse` is the whole public face. Every exchange is a journal step, so a resumed or replayed run hears the same
answers; which endpoint comes next is decided from those answers alone.
"""

import copy
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from factory.contracts.errors import BadReply, Stopped, StopReason
from factory.contracts.model import Endpoint, Exchange, Model, Reply, Request, Tier
from factory.contracts.record import Record
from factory.contracts.seams import Clock, Scope
from factory.ledger.egress import Egress
from factory.ledger.spend import Spend
from factory.llm import routing
from factory.llm.attempt import Account, Notify, Sender
from factory.llm.environment import secrets_of
from factory.llm.guard import Guard, Repository
from factory.llm.pictures import shown
from factory.llm.prices import price_of
from factory.llm.problems import Failure, Repeating, exhausted, named
from factory.llm.redact import Redaction
from factory.llm.reserve import Reserve
from factory.llm.turns import corrected, fitted, widened
from factory.settings import Settings

__all__ = ["Account", "Call", "Client", "Heard"]

T = TypeVar("T")
REPEATED = "Your answer repeated itself and was stopped. Answer again, once, without repeating anything."
CUT = "Your answer was cut off at {} tokens. Answer again and much shorter: only what was asked for, in the same form."
FINAL: tuple[StopReason, ...] = ("budget", "wrong_key")  # problems that no other endpoint may cure
EMPTY = "Your answer was empty. Answer now, in the form that was asked for."


class Call(Record):
    """What an exchange is journalled under: nothing in it depends on time, address or machine."""

    endpoint: str
    model: str
    request: Request


@dataclass(frozen=True)
class Heard(Generic[T]):
    """An accepted answer and where it came from. `exchanges` counts all that were needed, failures included."""

    value: T
    reply: Reply
    endpoint: str
    tier: Tier
    exchanges: int
    cost: int = 0  # micro-dollars of all of them


class Client:
    """Built once by `app`; shared by all threads.

    `notify(event, facts)` hears "exchange", "retry", "fallback", "budget_80" and "note"; facts have run, role and
    endpoint.
    """

    def __init__(
        self,
        settings: Settings,
        models: Callable[[Endpoint], Model],
        spend: Spend,
        egress: Egress,
        clock: Clock,
        notify: Notify,
        environment: Mapping[str, str] = os.environ,
        *,
        repository: Repository | None = None,
        key: bytes = b"",
    ) -> None:
        """`repository` is what the egress policy is about; `key` makes the run's placeholders, '' a new one.

        Raises UsageProblem when [egress] or the repository's .factoryignore holds a pattern that is none.
        """
        self._settings = settings
        self._notify = notify
        redaction = Redaction(key or secrets.token_bytes(32), secrets_of(settings.endpoints, environment))
        self.guard = Guard(settings.egress, egress, redaction, repository)
        self._sender = Sender(models, spend, self.guard, clock, notify, Reserve(settings))

    def asking(self, models: Callable[[Endpoint], Model]) -> "Client":
        """The same client, asking other models."""
        other = copy.copy(self)
        other._sender = replace(self._sender, models=models)
        return other

    def converse(
        self,
        request: Request,
        account: Account,
        scope: Scope,
        accept: Callable[[Reply], T],
        avoid: tuple[str, ...] = (),
        escalation: bool = False,
    ) -> Heard[T]:
        """Ask the chain of the request's role and effort, within its tier ceiling and without the endpoints in `avoid`.

        `accept` makes a value of a reply, or raises BadReply with what to tell the model: one repair turn at the same
        endpoint, then the next. `escalation` may use the money kept for the second judge.
        Raises Stopped: budget, egress, wrong_key, no_model, rate_limited, model_unusable.
        """
        chain = routing.chain(self._settings, request.role, request.effort, request.ceiling, avoid)
        talk = _Talk(self._sender, account, scope, accept, escalation)
        failures: tuple[Failure, ...] = ()
        for endpoint in chain:
            heard = talk.at(endpoint, request)
            if isinstance(heard, Heard):
                return heard
            failures = (*failures, heard)
            if talk.live:
                facts = {"endpoint": endpoint.name, "kind": heard.kind, "message": heard.message}
                text = f"no usable answer for {request.role}: {named(endpoint.name, heard.message)}"
                self._notify("fallback", {"run": account.run, "role": request.role, **facts, "text": text})
        raise exhausted(request.role, failures)


class _Talk(Generic[T]):
    """One conversation along the chain."""

    def __init__(
        self, sender: Sender, account: Account, scope: Scope, accept: Callable[[Reply], T], escalation: bool
    ) -> None:
        self._sender, self._account, self._scope = sender, account, scope
        self._accept, self._escalation = accept, escalation
        self.exchanges = 0
        self.cost = 0
        self.live = False  # the latest exchange was really made, not answered from the journal

    def at(self, endpoint: Endpoint, request: Request) -> Heard[T] | Failure:
        """Ask one endpoint: once more after an answer cut off, once more after one that does not fit."""
        refusal, turn = _refusal(endpoint), fitted(shown(request, endpoint), endpoint)
        if refusal or turn is None:
            self.live = True
            return _failure(endpoint, "refused", refusal or f"the prompt does not fit its {endpoint.context} tokens")
        wider = repaired = False
        while True:
            exchange = self._exchange(endpoint, turn)
            reply = exchange.reply
            if reply is not None and reply.finish == "filtered":
                return _failure(endpoint, "refused", "its content filter stopped the answer")
            cut = reply is not None and reply.finish == "length"
            raised = widened(turn, endpoint) if cut and not wider else None
            if raised is not None:
                turn, wider = raised, True
                continue
            verdict = BadReply(CUT.format(turn.max_tokens)) if cut else self._judged(endpoint, exchange)
            if not isinstance(verdict, BadReply):
                return verdict
            longer = fitted(corrected(turn, reply, str(verdict)), endpoint)
            if repaired or longer is None:
                kind = "repeating" if isinstance(verdict, Repeating) else "bad_reply"
                return _failure(endpoint, kind, f"unusable answers, at last: {verdict}")
            turn, repaired = longer, True

    def _judged(self, endpoint: Endpoint, exchange: Exchange) -> Heard[T] | Failure | BadReply:
        """The accepted answer, why the endpoint is given up, or what to tell the model."""
        reply = exchange.reply
        if exchange.problem == Repeating.kind:
            return Repeating(REPEATED)
        if reply is None:
            return _failure(endpoint, exchange.problem, exchange.message)
        if not reply.text.strip() and not reply.calls:
            return BadReply(EMPTY)
        try:
            value = self._accept(reply)
        except BadReply as problem:
            return problem
        return Heard(value, reply, endpoint.name, endpoint.tier, self.exchanges, self.cost)

    def _exchange(self, endpoint: Endpoint, turn: Request) -> Exchange:
        self.live = False
        self.exchanges += 1

        def work() -> Exchange:
            self.live = True
            return self._sender.exchange(endpoint, turn, self._account, self._escalation)

        call = Call(endpoint=endpoint.name, model=endpoint.model, request=turn)
        exchange = self._scope.step("exchange", call, work, Exchange)
        self.cost += exchange.cost
        for reason in FINAL:
            if exchange.problem == reason:
                raise Stopped(reason, exchange.message)
        return exchange


def _refusal(endpoint: Endpoint) -> str:
    """Why this endpoint may not be asked at all, or ''."""
    if price_of(endpoint) is not None or endpoint.factory:
        return ""
    return (
        f"the price of {endpoint.model or endpoint.name} is unknown, so nothing is sent: set price_in and price_out "
        f"(dollars per million tokens) in [endpoints.{endpoint.name}] of factory.toml"
    )


def _failure(endpoint: Endpoint, kind: str, message: str) -> Failure:
    return Failure(endpoint=endpoint.name, kind=kind, message=message)

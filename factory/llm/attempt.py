"""One exchange with one endpoint: guard, reserve, send, settle, and try again when the failure may pass."""

from collections.abc import Callable
from dataclasses import dataclass

from factory.contracts.errors import ModelProblem, RateLimited, ServerFault, Stopped, Unreachable, WrongKey
from factory.contracts.model import Endpoint, Exchange, Model, Reply, Request, Usage
from factory.contracts.record import Json
from factory.contracts.seams import Clock
from factory.ledger.spend import Spend, Use
from factory.llm import tokens
from factory.llm.guard import Guard
from factory.llm.prices import Price, cost, price_of, worst_case
from factory.llm.problems import CutOff, unnamed
from factory.llm.reserve import Reserve

ATTEMPTS = 4
FIRST_WAIT_S = 1.0  # doubled each time
LONGEST_WAIT_S = 60.0  # a server that wants more is left for the next endpoint

Notify = Callable[[str, Json], None]
FREE = Usage()
UNPRICED = Price.model_validate(dict.fromkeys(Price.model_fields, 0))  # only for a factory server: it keeps the books


@dataclass(frozen=True)
class Account:
    """Whose budget. `issue` is what the budget per issue is counted under; '' has none."""

    run: str
    issue: str


@dataclass(frozen=True)
class Sender:
    """Sends requests; shared by all threads of a process."""

    models: Callable[[Endpoint], Model]
    spend: Spend
    guard: Guard
    clock: Clock
    notify: Notify
    reserve: Reserve

    def exchange(self, endpoint: Endpoint, request: Request, account: Account, escalation: bool) -> Exchange:
        """Ask until there is an answer or no hope. A failure is told in the exchange, never raised: also a call that
        the budget or the egress policy did not allow and that was therefore not made (problem "budget", "egress").
        """
        trial = _Trial(self, endpoint, request, account, escalation)
        try:
            reply = trial.until_it_works()
        except WrongKey as problem:
            return trial.told(problem=problem.kind, message=_key_advice(endpoint, problem))
        except Stopped as stop:
            if stop.reason != "budget":
                raise
            return trial.told(problem=stop.reason, message=str(stop))
        except ModelProblem as problem:
            return trial.told(
                problem=problem.kind,
                message=str(problem),
                retry_after=getattr(problem, "retry_after", None),
            )
        return trial.told(reply=reply)


class _Trial:
    """The attempts of one exchange."""

    def __init__(
        self, sender: Sender, endpoint: Endpoint, request: Request, account: Account, escalation: bool
    ) -> None:
        self.sender, self.endpoint, self.account = sender, endpoint, account
        self.asked, self.request = (
            request,
            sender.guard.cleaned(request, endpoint),
        )  # with its secrets, and as it is sent
        self.escalation = escalation
        self.use = Use(
            run=account.run, issue=account.issue, role=request.role, endpoint=endpoint.name, tier=endpoint.tier,
            recorded=endpoint.wire == "scripted",
        )  # fmt: skip
        self.price = price_of(endpoint) or UNPRICED
        self.attempts = 0
        self.cost = 0
        self.started = sender.clock.monotonic()

    def until_it_works(self) -> Reply:
        from tenacity import RetryCallState, Retrying, retry_if_exception_type

        def wait(state: RetryCallState) -> float:
            asked = getattr(_problem(state), "retry_after", None)
            return FIRST_WAIT_S * 2 ** (state.attempt_number - 1) if asked is None else float(asked)

        def tell(state: RetryCallState) -> None:  # not in wait, which is asked after the last attempt too
            seconds = state.next_action.sleep if state.next_action else 0.0
            said = unnamed(self.endpoint.name, str(_problem(state)))
            self._tell("retry", wait_s=seconds, text=f"{said}; again in {seconds:g} s")

        def stop(state: RetryCallState) -> bool:
            asked = getattr(_problem(state), "retry_after", None) or 0.0
            return self.endpoint.factory or state.attempt_number >= ATTEMPTS or asked > LONGEST_WAIT_S

        retrying = Retrying(
            retry=retry_if_exception_type((RateLimited, ServerFault, Unreachable)),
            wait=wait,
            stop=stop,
            before_sleep=tell,
            sleep=self.sender.clock.sleep,
            reraise=True,
        )
        return retrying(self._once)

    def told(self, **outcome: object) -> Exchange:
        exchange = Exchange.model_validate(
            {
                "request": self.request,
                "endpoint": self.endpoint.name,
                "tier": self.endpoint.tier,
                "cost": self.cost,
                "seconds": self.sender.clock.monotonic() - self.started,
                "attempts": self.attempts,
                **outcome,
            }
        )
        usage = exchange.reply.usage if exchange.reply else FREE
        self._tell(
            "exchange",
            template=self.request.template,
            model=exchange.reply.model if exchange.reply else self.endpoint.model,
            tokens=usage.input + usage.output,
            tokens_in=usage.input,
            tokens_out=usage.output,
            cost=exchange.cost,
            seconds=round(exchange.seconds, 3),
            problem=exchange.problem,
        )
        return exchange

    def _once(self) -> Reply:
        """One attempt: allowed to leave, then paid for by its own reservation, then sent."""
        model, guard = self._model(), self.sender.guard
        rows = guard.leaving(self.account.run, self.endpoint, self.asked, self.request)
        try:
            return self._paid(model)
        except Unreachable as problem:
            if not isinstance(problem, CutOff):
                guard.not_sent(rows)
            raise
        except Stopped:  # the budget: it was not sent
            guard.not_sent(rows)
            raise

    def _paid(self, model: Model) -> Reply:
        """Reserved at its worst case and settled with what was used (a factory server keeps the books itself)."""
        tokens_in = tokens.most(self.request)
        worst = worst_case(self.price, tokens_in, self.request.max_tokens)
        spend, clock = self.sender.spend, self.sender.clock
        number = None
        if not self.endpoint.factory:
            number = spend.reserve(
                self.use, worst, tokens_in + self.request.max_tokens, self.escalation, self._kept(worst)
            )
        self.attempts += 1
        begun = clock.monotonic()
        usage, paid = Usage(input=tokens_in, output=self.request.max_tokens), worst  # until we know better
        try:
            reply = _counted(self.request, model.complete(self.request))
            usage, paid = reply.usage, cost(self.price, reply.usage)
            return reply
        except ModelProblem as problem:
            if not problem.billed:  # else the worst case stands
                usage, paid = FREE, 0
            raise
        finally:
            paid = 0 if self.endpoint.factory else paid
            self.cost += paid
            seconds = clock.monotonic() - begun
            if number is None:
                warnings = spend.record(self.use, paid, usage, seconds)
            else:
                warnings = spend.settle(number, self.use, paid, usage, seconds)
            for warning in warnings:
                text = f"more than 80 % of budget.{warning.limit} is used"
                self._tell("budget_80", limit=warning.limit, used=warning.used, cap=warning.cap, text=text)

    def _kept(self, worst: int) -> int:
        """Micro-dollars that this call leaves for the second judge; says once when that cannot be enough."""
        reserve = self.sender.reserve
        complaint = reserve.complaint(self.account.run) if worst else ""
        if complaint:
            self._tell("note", text=complaint)
        return reserve.kept

    def _model(self) -> Model:
        model = self.sender.models(self.endpoint)
        for_run = getattr(model, "for_run", None)  # scripted answers are counted for each run by itself
        found: Model = for_run(self.account.run) if for_run else model
        return found

    def _tell(self, event: str, **facts: object) -> None:
        self.sender.notify(
            event, {"run": self.account.run, "role": self.request.role, "endpoint": self.endpoint.name, **facts}
        )


def _problem(state: object) -> BaseException | None:
    outcome = getattr(state, "outcome", None)
    found: BaseException | None = outcome.exception() if outcome is not None else None
    return found


def _counted(request: Request, reply: Reply) -> Reply:
    """Also when the server did not count."""
    used = reply.usage
    if used.input and used.output:
        return reply
    counted = used.but(input=used.input or tokens.most(request), output=used.output or tokens.written(reply))
    return reply.but(usage=counted)


def _key_advice(endpoint: Endpoint, problem: WrongKey) -> str:
    what = f"the environment variable {endpoint.key_env}" if endpoint.key_env else "key_env in factory.toml"
    return f"The endpoint {endpoint.name} refuses the key: set {what} to a valid one ({str(problem).rstrip('.')})."

"""Who is on the cards, and who is next: a state machine without clock, threads or processes.

It is told what is asked for (`ask`, `leave`, `borrow`), what the device shows (`look`) and how work ended (`done`,
`broken`); `step` says what to do. Time is seconds of any clock that only goes forward.

A request waits at most `max_wait_s`, and then for each model whose turn came earlier at most its `min_loaded_s`, its
longest running request and one swap. A model in use stays while its own requests keep coming, until that bound.
"""

from collections.abc import Collection, Iterable, Mapping

from factory.gpu.actions import Action, Kill, Load, Refuse, Sleep, Wake, Work
from factory.gpu.floor import Floor
from factory.gpu.placement import Card, Cards
from factory.gpu.room import Room, Seen
from factory.gpu.swaps import Planner, Rules, Swap, Want, wants
from factory.gpu.tenants import Ask, Costs, Model, Tenant

LOOK = 0.2  # seconds until the next look while memory is being freed
TICK = 1.0  # seconds until the next step while something waits for its turn


class Scheduler:
    def __init__(self, models: Iterable[Model], cards: tuple[Card, ...], rules: Rules, kept: int = 0) -> None:
        self.tenants = {model.name: Tenant(model, Costs(model.load_s)) for model in models}
        self.room = Room(cards, kept)
        self._floor = Floor(self.room, rules)
        self._host_free = 0
        self._of: dict[str, Tenant] = {}  # request -> its tenant
        self._swaps: dict[str, Swap] = {}  # by target

    @property
    def rules(self) -> Rules:
        return self._floor.rules

    # What it is told

    def adopt(self, pinned: Mapping[str, Cards], allowed: Iterable[str], rules: Rules, kept: int, now: float) -> None:
        """Another profile: these stay up on these cards, these may come and go, all other engines are to end."""
        self._floor.rules, self.room.kept = rules, kept
        names = {*pinned, *allowed}
        for swap in list(self._swaps.values()):
            self._call_off(swap, now)
        for each in self.tenants.values():
            if not each.model.lease:
                each.pinned, each.allowed = pinned.get(each.name), each.name in names
                each.failed_until, each.failures, each.bad_loads, each.blocked = 0.0, 0, 0, ""
                if not each.allowed:
                    self._refuse(each, f"the profile that is on does not hold {each.name}")

    def look(self, seen: Iterable[Seen], host_free: int) -> None:
        """What the device shows now, every card."""
        self.room.look(seen, self.tenants.values())
        self._host_free = host_free

    def ask(self, request: str, model: str, effort: int, now: float) -> None:
        """A request wants its model. Answered by one Serve or one Refuse, now or later. Ids are used once."""
        if request in self._of:
            raise ValueError(f"the request {request!r} is there already")
        tenant = self.tenants[model]
        self._of[request], tenant.used_at = tenant, now
        tenant.waiting[request] = Ask(request, now, effort)
        if not tenant.allowed:
            self._refuse(tenant, f"the profile that is on does not hold {model}")
        elif tenant.failed_until > now:
            self._refuse(tenant, self._floor.given_up(tenant, now))
        elif tenant.state == "ready":
            self._floor.serve(tenant, now)

    def leave(self, request: str, now: float) -> None:
        """A request has ended, or its client went away before it began. Doing it twice does nothing."""
        tenant = self._of.pop(request, None)
        if tenant:
            tenant.waiting.pop(request, None)
            tenant.running.discard(request)
            tenant.used_at = now

    def borrow(self, lease: Model, now: float, cards: Cards = ()) -> None:
        """Another program wants memory. Answered by a Grant or a Refuse; with `cards` it has them already."""
        tenant = self.tenants[lease.name] = Tenant(lease, Costs(1.0))
        if cards:
            tenant.cards = cards
            tenant.go("ready", now)
        else:
            tenant.waiting[lease.name] = Ask(lease.name, now)
            self._of[lease.name] = tenant

    def give_back(self, lease: str, now: float) -> None:
        """A lease has ended, or whoever wanted it is gone. Doing it twice does nothing."""
        if lease in self.tenants and self.tenants[lease].model.lease:
            if lease in self._swaps:
                self._call_off(self._swaps[lease], now)
            del self.tenants[lease]
            self._of.pop(lease, None)

    def broken(self, model: str, why: str, now: float) -> None:
        """Its engine is dead. Started again when it is wanted; after several in a row given up for a time."""
        tenant = self.tenants[model]
        if tenant.state in ("cold", "loading", "killing") or (tenant.proof and tenant.proof.then == "cold"):
            return
        tenant.crashes = 1 if self._floor.steady(tenant, now) else tenant.crashes + 1
        self._floor.tell("engine_died", tenant, why=why, in_a_row=tenant.crashes)
        self._floor.kill(tenant, why, now)

    def done(self, work: Work, seconds: float, now: float, problem: str = "") -> None:
        """Work has ended, well or with a problem, after so many seconds."""
        tenant = self.tenants[work.model]
        match work:
            case Load() | Wake() if tenant.state == ("loading" if isinstance(work, Load) else "waking"):
                self._floor.up(tenant, work, seconds, now, problem)
            case Sleep() if tenant.state == "sleeping" and problem:
                self._floor.tell("sleep_failed", tenant, why=problem)
                self._floor.kill(tenant, problem, now)
            case Sleep() if tenant.state == "sleeping":
                tenant.costs.learn("sleep", seconds)
                tenant.level = work.level
                self._floor.prove(tenant, "asleep", now)
            case Kill() if tenant.state == "killing":
                self._floor.prove(tenant, "cold", now)
            case _:
                pass  # it was killed meanwhile: that decides

    # What it says

    def step(self, now: float) -> list[Action]:
        """Everything to be done by now. Call it after every word to it, and when `wake_at` has come."""
        if self.room.seen:
            self._floor.proofs(list(self.tenants.values()), now)
            self._shed(now)
            self._advance(now)
            self._begin(now)
            self._advance(now)
        return self.take()

    def take(self) -> list[Action]:
        """What is to be done already, without planning anything new: enough after `ask` when the model is up."""
        out, self._floor.out = self._floor.out, []
        for each in out:
            if isinstance(each, Refuse):
                self._of.pop(each.request, None)
        return out

    def wake_at(self, now: float) -> float | None:
        """When to step again though nothing happens; None: not before something does."""
        found = []
        for each in self.tenants.values():
            if each.state == "proving":
                found.append(now + LOOK)
            elif each.state in ("cold", "asleep") and (each.waiting or each.pinned is not None):
                found.append(max(now + TICK, each.failed_until))
        return min(found, default=None)

    @property
    def wants_room(self) -> bool:
        """Does anybody wait, or leave? Then the end of a request may be what was waited for."""
        return any(each.waiting or each.state == "leaving" for each in self.tenants.values())

    @property
    def pinned(self) -> tuple[str, ...]:
        """What the profile keeps up."""
        return tuple(each.name for each in self.tenants.values() if each.pinned is not None)

    @property
    def hindrance(self) -> str:
        """Why something that the profile keeps up will not come up now, or ''."""
        kept = [each for each in self.tenants.values() if each.pinned is not None and each.state == "cold"]
        return next((each.blocked or each.why for each in kept if each.blocked or each.failures), "")

    @property
    def known(self) -> Collection[str]:
        """Requests that wait or run."""
        return self._of.keys()

    @property
    def settled(self) -> bool:
        """Is everything up that the profile keeps up, and nothing left of what it does not hold?"""
        return all(
            (each.state == "ready" and each.cards == each.pinned)
            if each.pinned
            else each.allowed or each.state == "cold"
            for each in self.tenants.values()
        )

    def _refuse(self, tenant: Tenant, why: str, now: float = 0.0) -> None:
        self._floor.refuse(tenant, why)
        if tenant.model.lease:
            self.give_back(tenant.name, now)

    def _shed(self, now: float) -> None:
        """What the profile does not hold, or holds on other cards, drains and ends."""
        for each in self.tenants.values():
            if each.model.lease or (each.allowed and (not each.pinned or each.pinned == each.cards)):
                continue
            if each.state == "ready":
                each.leaves_as, each.why = "kill", "the profile changed"
                each.go("leaving", now)
            elif each.state == "asleep":
                self._floor.kill(each, "the profile changed", now)

    # Coming in

    def _begin(self, now: float) -> None:
        tenants = list(self.tenants.values())
        planner = Planner(tenants, self.room, self.rules, now, self._host_free)
        planner.busy |= {card for swap in self._swaps.values() for card in swap.cards}
        for want in wants(tenants, self.rules, now):
            if want.tenant.name in self._swaps:
                continue
            options = planner.options(want.tenant)
            want.tenant.blocked = ""
            if isinstance(options, str):
                if not planner.clearing:
                    want.tenant.blocked = options
                    self._refuse(want.tenant, options, now)
                continue
            plan = planner.plan(want, options)
            if plan:
                self._go(want, plan.cards, {leave.name: leave.how for leave in plan.leaves}, now)
                planner.busy |= {
                    card for name in (leave.name for leave in plan.leaves) for card in self.tenants[name].cards
                }
                planner.busy |= set(plan.cards)
            elif want.urgent:  # nobody younger may take what it waits for
                planner.busy |= {card for cards in options for card in cards}

    def _go(self, want: Want, cards: Cards, leaves: Mapping[str, str], now: float) -> None:
        target = want.tenant
        self._swaps[target.name] = Swap(target.name, cards, tuple(leaves), now)
        for name, how in leaves.items():
            tenant = self.tenants[name]
            tenant.leaves_as, tenant.why = ("sleep" if how == "sleep" else "kill"), f"to make room for {target.name}"
            if tenant.state == "asleep":
                self._floor.kill(tenant, tenant.why, now)
            else:
                tenant.go("leaving", now)

    def _advance(self, now: float) -> None:
        """Those who leave and have drained go; where all have gone the next one comes in."""
        for swap in list(self._swaps.values()):
            target = self.tenants[swap.target]
            if not target.waiting and target.pinned is None:
                self._call_off(swap, now)
        for tenant in self.tenants.values():
            if tenant.state == "leaving" and not tenant.running:
                planner = Planner((), self.room, self.rules, now, self._host_free)
                self._floor.put_out(tenant, planner.level(tenant), now)
        for swap in list(self._swaps.values()):
            if all(self.tenants[name].state in ("cold", "asleep") for name in swap.leaving if name in self.tenants):
                self._enter(swap, now)

    def _enter(self, swap: Swap, now: float) -> None:
        target, tenants = self.tenants[swap.target], list(self.tenants.values())
        short = [card for card in swap.cards if self.room.missing(target, card, tenants) > 0]
        if target.state == "asleep" and target.cards != swap.cards:
            return self._floor.kill(target, "it is wanted on other cards", now)
        if target.state not in ("cold", "asleep"):
            return None  # its old engine is still going
        if short:
            return self._more_room(swap, target, short, now)
        del self._swaps[swap.target]
        if target.model.lease:
            target.cards = swap.cards
            return self._floor.serve(target, now)
        self._floor.tell(
            "swap", target, out=list(swap.leaving), drained_s=round(now - swap.began, 2), cards=list(swap.cards)
        )
        if target.state == "asleep":
            target.go("waking", now)
            return self._floor.out.append(Wake(target.name))
        target.cards = swap.cards
        target.go("loading", now)
        return self._floor.out.append(Load(target.name, swap.cards))

    def _more_room(self, swap: Swap, target: Tenant, short: list[int], now: float) -> None:
        """More stayed in use than planned: sleeping engines go for good; without one it is planned anew."""
        asleep = [each for each in self.tenants.values() if each.state == "asleep" and set(each.cards) & set(short)]
        asleep = [each for each in asleep if each is not target]
        for each in asleep:
            self._floor.kill(each, f"to make room for {target.name}", now)
        if asleep:
            swap.leaving = (*swap.leaving, *(each.name for each in asleep))
        else:
            del self._swaps[swap.target]

    def _call_off(self, swap: Swap, now: float) -> None:
        """Nobody waits for the target any more: who has not gone yet stays."""
        del self._swaps[swap.target]
        for name in swap.leaving:
            tenant = self.tenants.get(name)
            if tenant and tenant.state == "leaving" and tenant.allowed:
                tenant.state = "ready"
                self._floor.serve(tenant, now)

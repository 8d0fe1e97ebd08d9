"""What happens to one tenant: it comes up, serves, is put to sleep or ended, proves what it freed, is given up."""

from collections.abc import Sequence
from typing import Any, Literal

from factory.gpu.actions import Action, Grant, Kill, Load, Refuse, Serve, Sleep, Tell, Wake
from factory.gpu.device import GIB
from factory.gpu.room import Room
from factory.gpu.swaps import Rules
from factory.gpu.tenants import Proof, Tenant

SLACK = 256 * 1024**2  # bytes by which the driver's own share moves


class Floor:
    """Changes tenants one at a time and writes down what is to be done for it."""

    def __init__(self, room: Room, rules: Rules) -> None:
        self.room, self.rules = room, rules
        self.out: list[Action] = []

    def serve(self, tenant: Tenant, now: float) -> None:
        """Everybody who waits for it is served: how many it takes at once is the gateway's to say."""
        if tenant.model.lease:
            tenant.go("ready", now)
            tenant.waiting.clear()
            self.out.append(Grant(tenant.name, tenant.cards))
            return
        for request in tenant.waiting:
            tenant.running.add(request)
            self.out.append(Serve(request, tenant.name))
        tenant.waiting.clear()

    def refuse(self, tenant: Tenant, why: str) -> None:
        """Everybody who waits for it is told why."""
        self.out += [Refuse(request, why) for request in tenant.waiting]
        tenant.waiting.clear()

    def tell(self, event: str, tenant: Tenant, **facts: Any) -> None:
        self.out.append(Tell(event, {"model": tenant.name, **facts}))

    def up(self, tenant: Tenant, work: Load | Wake, seconds: float, now: float, problem: str) -> None:
        """A start or a wake has ended."""
        what = "load" if isinstance(work, Load) else f"wake{tenant.level}"
        if problem:
            tenant.bad_loads += isinstance(work, Load)
            self.tell(
                "load_failed" if what == "load" else "wake_failed", tenant, why=problem, in_a_row=tenant.bad_loads
            )
            self.kill(tenant, problem, now)
            return
        tenant.bad_loads, tenant.level = 0, 0
        tenant.costs.learn(what, seconds)
        tenant.go("ready", now)
        tenant.used_at = now
        self.tell("up", tenant, how="load" if what == "load" else "wake", seconds=round(seconds, 2))
        self.serve(tenant, now)

    def put_out(self, tenant: Tenant, level: int, now: float) -> None:
        """It has drained and goes: to sleep at this level if that is how it leaves and it can, else for good."""
        if tenant.leaves_as == "sleep" and level:
            tenant.go("sleeping", now)
            tenant.before = {card: self.room.seen[card].used for card in self._seen(tenant)}
            self.out.append(Sleep(tenant.name, level))
        else:
            self.kill(tenant, tenant.why, now)

    def kill(self, tenant: Tenant, why: str, now: float) -> None:
        tenant.go("killing", now)
        tenant.proof, tenant.why = None, why
        self.out.append(Kill(tenant.name, why))

    def prove(self, tenant: Tenant, then: Literal["asleep", "cold"], now: float) -> None:
        """From now on it is to be seen that the memory is free."""
        tenant.go("proving", now)
        tenant.proof = Proof(then, now + self.rules.proof_s, self.room.looks)

    def proofs(self, tenants: Sequence[Tenant], now: float) -> None:
        for tenant in tenants:
            proof = tenant.proof
            if proof is None or self.room.looks <= proof.after:
                continue
            kept = self._kept(tenant, proof)
            if kept <= 0:
                self._proven(tenant, proof, now)
            elif now >= proof.until:
                self._unproven(tenant, proof, kept, now)

    def _kept(self, tenant: Tenant, proof: Proof) -> int:
        """Bytes more than allowed that are still in use on its worst card."""
        return max((self._kept_on(tenant, proof, card) for card in self._seen(tenant)), default=0)

    def _seen(self, tenant: Tenant) -> list[int]:
        return [card for card in tenant.cards if card in self.room.seen]

    def _kept_on(self, tenant: Tenant, proof: Proof, card: int) -> int:
        seen = self.room.seen[card]
        if seen.mine is None:  # a process that ended holds nothing; what it lost counts as others' from now on
            freed = tenant.before.get(card, seen.used) - seen.used
            return tenant.model.need.bytes - tenant.model.left - SLACK - freed if proof.then == "asleep" else 0
        if proof.then == "asleep":
            return seen.mine.get(tenant.name, 0) - tenant.model.left
        return max(seen.mine.get(tenant.name, 0), self.room.lost(card) - SLACK)

    def _proven(self, tenant: Tenant, proof: Proof, now: float) -> None:
        tenant.proof = None
        if proof.then == "asleep":
            tenant.go("asleep", now)
            tenant.measured = {card: self.room.measured(tenant, card) for card in self._seen(tenant)}
            tenant.left = max(tenant.measured.values(), default=0)
            self.tell("slept", tenant, level=tenant.level, left_gib=round(tenant.left / GIB, 2))
        else:
            self._cold(tenant, now)

    def _unproven(self, tenant: Tenant, proof: Proof, kept: int, now: float) -> None:
        """Sleep that freed too little: the engine is ended. An end that did: the card is taken as it is."""
        gib = round(kept / GIB, 2)
        if proof.then == "asleep":
            self.tell("memory_not_freed", tenant, level=tenant.level, gib=gib)
            self.kill(tenant, f"{gib} GiB more than allowed stayed in use while it slept", now)
            return
        for card in self._seen(tenant):
            if self.room.lost(card) > SLACK:
                self.tell("card_dirty", tenant, card=card, gib=round(self.room.lost(card) / GIB, 2))
                self.room.baseline[card] = self.room.unexplained(card)
        tenant.proof = None
        self._cold(tenant, now)

    def _cold(self, tenant: Tenant, now: float) -> None:
        tenant.go("cold", now)
        self.tell("ended", tenant, why=tenant.why)
        tenant.level, tenant.cards, tenant.measured = 0, (), {}
        if tenant.bad_loads >= 2 or tenant.crashes >= self.rules.crashes:
            self._give_up(tenant, now)

    def _give_up(self, tenant: Tenant, now: float) -> None:
        rules = self.rules
        seconds = min(rules.failed_most_s, rules.failed_s * 2**tenant.failures)
        tenant.failures += 1
        tenant.failed_until, tenant.bad_loads, tenant.crashes = now + seconds, 0, 0
        self.tell("model_failed", tenant, why=tenant.why, seconds=seconds)
        self.refuse(tenant, self.given_up(tenant, now))

    def given_up(self, tenant: Tenant, now: float) -> str:
        return f"{tenant.name} does not come up ({tenant.why}); it is tried again in {tenant.failed_until - now:.0f} s"

    def steady(self, tenant: Tenant, now: float) -> bool:
        """Was it up so long that earlier failures are forgotten? Then they are."""
        lasted = tenant.state in ("ready", "leaving") and now - tenant.since >= self.rules.steady_s
        if lasted:
            tenant.failures = 0
        return lasted

"""One delivery of an event played as its workflow run: gate, open, work, ship, each job on a machine that may die.

What GitHub does is done here: jobs that need a failed one are skipped, the ship job runs always, and `Re-run failed
jobs` begins them anew with the next attempt.
"""

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from factory.contracts.record import Json
from factory.contracts.ticket import Ticket
from factory.jobs.context import JobContext
from tests.jobs.handed import Handed, handed
from tests.jobs.place import Place, outputs
from tests.jobs.test_gate import READ
from tests.soak.chaos import Chaos
from tests.soak.money import MILLION, guard, passed
from tests.soak.processes import BROKEN, DONE, Command, SharedClock, ended, start

ATTEMPTS = 60
THINKS = 3.0  # real seconds within which a thinking job may die
_PACKING = threading.Lock()


@dataclass
class Delivery:
    """One workflow run. `patient`: somebody runs its failed jobs again until they get through."""

    here: Place
    chaos: Chaos
    clock: SharedClock
    payload: Json
    purpose: str  # swarm or demiurge
    run: int
    patient: bool = True
    attempt: int = 1
    told: dict[str, dict[str, Any]] = field(default_factory=dict)  # needs, by job
    bundle: Handed | None = None
    deaths: int = 0
    paid: int = 0  # micro-dollars, by its box
    wrong: list[str] = field(default_factory=list)

    def play(self) -> bool:
        """Does it get through?"""
        while self.attempt <= ATTEMPTS:
            if self._once():
                return True
            if not self.patient:
                return False
            self.attempt += 1
            self.clock.sleep(30)
        logs = sorted((self.here.folder / "jobs").glob(f"{self.run}-*/log.txt"), key=lambda each: each.stat().st_mtime)
        words = "\n".join(log.read_text()[-1500:] for log in logs[-3:])
        raise AssertionError(f"run {self.run} makes no progress in {ATTEMPTS} attempts: {self.told}\n{words}")

    def again(self) -> bool:
        """`Re-run all jobs`."""
        self.told.clear()
        self.attempt += 1
        return self.play()

    def _once(self) -> bool:
        for name in ("gate", "open", "work"):
            if not self._job(name):
                break
            if name == "gate" and not self._allowed:
                return self._refused()
            if name == "open" and self._outputs("open").get("go") == "false":
                return True
        if not self._allowed:
            return False
        return self._shipped()

    @property
    def code(self) -> str:
        """The last word on whether it may start."""
        return self._outputs("open").get("code") or self._outputs("gate").get("code", "")

    @property
    def _allowed(self) -> bool:
        return self._outputs("gate").get("allowed") == "true"

    @property
    def ticket(self) -> Ticket:
        return Ticket.from_json(self._outputs("gate")["ticket"])

    def _outputs(self, name: str) -> dict[str, str]:
        found: dict[str, str] = self.told.get(name, {}).get("outputs", {})
        return found

    def _refused(self) -> bool:
        """The job that says why, where the gate has left something to say."""
        if self._outputs("gate").get("purpose") != "answer":
            return True
        job = self._context("refuse", event="issues", needs={"gate": self.told["gate"]})
        return self._run(Command("answer", job)) == DONE

    def _job(self, name: str) -> bool:
        """One job with one command; what is done is not done again."""
        if self.told.get(name, {}).get("result") == "success":
            return True
        command = {"gate": self._gate, "open": self._open, "work": self._work}[name]()
        status = self._run(command, THINKS if name == "work" else 0.0) if command else DONE
        good = status == DONE
        if command and name == "work":
            self.paid, over = passed(command.context.temp / "state")
            self.wrong += over
            if good and not self.paid:
                self.wrong.append("a box has worked and paid nothing: the limits are not tried")
        if self.bundle and name == "work":  # the swarm's thinking is done elsewhere
            found = {"digest": self.bundle.digest, "artifact": "77"}
        else:
            found = outputs(command.context) if command else {}
        if found.get("digest"):
            found["artifact"] = "77"
        self.told[name] = {"result": "success" if good else "failure", "outputs": found}
        return good

    def _shipped(self) -> bool:
        """The ship job. A machine that is gone takes all its steps along; a step that died alone does not."""
        job = self._context("ship", needs=self._needs())
        digest = self._outputs("work").get("digest", "")
        steps: list[Command] = []
        if digest:
            steps.append(Command("ship", job, (self._handed(job), digest)))
        results = []
        for command in [*steps, Command("send", job), Command("close", job), Command("remember", job)]:
            if command.name == "send" and outputs(job).get("send") != "true":
                continue
            status = self._run(command)
            results.append(status == DONE or (command.name == "remember" and status >= 0))
            if status < 0 and self.chaos.lot(0.6):
                return False
        return all(results) and self.told.get("work", {}).get("result") == "success"

    def _handed(self, job: JobContext) -> Any:
        import shutil

        folder = self.bundle.folder if self.bundle else self.here.folder / "jobs" / self._work_folder / "bundle"
        shutil.copytree(folder, job.temp / "bundle", dirs_exist_ok=True)
        return job.temp / "bundle"

    def _needs(self) -> dict[str, Any]:
        """As the workflow of this purpose names its jobs."""
        if self.purpose != "swarm":
            return dict(self.told)
        found = {name: told for name, told in self.told.items() if name != "work"}
        work = self.told.get("work", {"result": "skipped", "outputs": {}})
        return {**found, "plan": {"result": work["result"], "outputs": {}}, "prove": work}

    # commands

    def _gate(self) -> Command:
        event = self.payload["action"]
        job = self._context("gate", event="issues" if event == "labeled" else "issue_comment", payload=self.payload,
                            permissions=READ, FACTORY_GATE_KEY=self.here.seed)  # fmt: skip
        serves = "swarm" if self.purpose == "swarm" else "box"
        return Command("gate", job, (serves, job.temp / "gate"))

    def _open(self) -> Command:
        return Command("open", self._context("open", needs={"gate": self.told["gate"]}))

    def _work(self) -> Command | None:
        if self.purpose == "swarm":
            if self.bundle is None:
                allowed = int(float(self._allowance) * MILLION)
                with _PACKING:
                    self.bundle = handed(self.here, self.ticket, spent=min(300_000, allowed),
                                         snapshot=(self._gate_folder / "issue.md").read_bytes())  # fmt: skip
            return None
        job = self._context("work", temp=self._work_folder, needs={"open": self.told["open"]},
                            FACTORY_ALLOWANCE_USD=self._allowance)  # fmt: skip
        guard(job.temp / "state", self._allowance)
        return Command("work", job, (self._gate_folder,))

    @property
    def _allowance(self) -> str:
        """Dollars, as the job `open` gives them to those that think."""
        return self._outputs("open")["allowance_usd"]

    @property
    def _work_folder(self) -> str:
        return f"{self.run}-work"  # the box keeps what it has

    @property
    def _gate_folder(self) -> Any:
        found = sorted((self.here.folder / "jobs").glob(f"{self.run}-*-gate"), key=lambda each: each.stat().st_mtime)
        return found[-1] / "gate"

    def _context(self, name: str, **more: Any) -> JobContext:
        ticket = self.ticket if self._outputs("gate").get("ticket") else self.here.ticket(1)
        return self.here.job(ticket, name, run=self.run, attempt=self.attempt, **more)

    def _run(self, command: Command, thinks: float = 0.0) -> int:
        command = command.under(self.here.hub)
        self.chaos.expect(command.token)
        process = start(command, self.clock)
        self.chaos.watch(command.token, process)
        timer = self.chaos.by_clock(process, thinks) if thinks else None
        status = ended(process)
        if timer:
            timer.cancel()
        self.chaos.over(command.token)
        self.deaths += status < 0
        assert status != BROKEN, command.log.read_text()[-3000:]
        return status


def labelled(here: Place, number: int, label: str) -> Json:
    """What GitHub sends when ann sets a label."""
    found = here.repo.issues[number]
    told = {"number": number, "title": found.title, "body": found.body, "updated_at": here.hub.now(),
            "comments": len(found.comments), "user": {"login": found.author}}  # fmt: skip
    payload: Json = json.loads(json.dumps({
        "action": "labeled", "issue": told, "label": {"name": label},
        "sender": {"login": "ann", "id": here.hub.user("ann").id, "type": "User"},
        "repository": {"full_name": "acme/shop", "default_branch": "main"},
    }))  # fmt: skip
    return payload

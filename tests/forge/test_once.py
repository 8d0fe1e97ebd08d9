"""Whatever is lost, late, refused or killed: in the end each effect is there, and there once."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.contracts.errors import HubProblem
from factory.contracts.hub import Annotation, ReviewNote
from factory.contracts.record import Json
from factory.forge.answers import Reply
from factory.forge.effects import Effects
from factory.forge.github import PyGithubWire
from factory.forge.once import Once
from factory.simulator.hub.faults import Rule
from factory.simulator.hub.runs import start_run
from tests.forge.world import HEAD, RUN, World, world

NOTES = tuple(Annotation(path="a.py", start=1, end=1, level="notice", title=f"t{n}", message="m") for n in range(60))
BOX = ".github/workflows/local-agent-worker.yml"


class Killed(BaseException):
    """What a runner does to a process."""


class Deadly:
    """A wire whose process dies after its n-th request was answered, or was about to be. It also does what GitHub
    does with a dispatch: some workflow run begins."""

    def __init__(self, place: World, after: int) -> None:
        self.wire = PyGithubWire(place.url)
        self.place = place
        self.left = after

    def send(self, verb: str, path: str, query: Json, body: Json | None, accept: str, token: str) -> Reply:
        try:
            return self.wire.send(verb, path, query, body, accept, token)
        finally:
            self._begin()
            self.left -= 1
            if self.left == 0:
                raise Killed

    def _begin(self) -> None:
        hub = self.place.hub
        sent = sum(event.name == "repository_dispatch" for event in hub.events)
        while len(hub.runs) < sent:
            start_run(hub, self.place.repo, BOX, event="repository_dispatch", title=f"refine {RUN}")


def job(effects: Effects, place: World) -> None:
    """A whole ship job."""
    effects.react("eyes", issue=1)
    effects.status(1, "Working")
    effects.tracking("Plan", "- [ ] u1", ("factory",))
    pull = effects.pull("Fix", "text", HEAD, "main", draft=True)
    effects.review(pull.number, place.head, "hydra", "One", (ReviewNote(path="a.py", line=2, body="Why?"),))
    effects.check("factory", place.head, RUN, "neutral", "Review", "60", NOTES)
    effects.label(pull.number, "factory")
    effects.dispatch("factory-refine", {"run": RUN}, RUN)
    effects.status(1, "Done", last=True)


def check(place: World) -> None:
    issue, tracking, pull = place.repo.issues[1], place.repo.issues[2], place.repo.issues[3]
    assert len(place.repo.issues) == 3
    assert [reaction.content for reaction in issue.reactions] == ["eyes"]
    assert [comment.body.split("\n")[0] for comment in issue.comments] == ["Done"]
    assert tracking.title == "Plan"
    assert pull.pull
    assert [(review.state, review.commit) for review in pull.pull.reviews] == [("COMMENTED", place.head)]
    assert len(pull.pull.notes) == 1
    assert pull.labels == ["factory"]
    assert sum(event.name == "repository_dispatch" for event in place.hub.events) == 1
    where = "/repos/{repo}/commits/{commit}/check-runs"
    rows = list(place.github().caller.pages(where, "check_runs", query={"filter": "all"}, commit=place.head))
    assert [row["output"]["annotations_count"] for row in rows] == [60]
    assert not place.hub.violations


rules = st.builds(
    Rule,
    st.sampled_from(["lost", "down_after", "dropped", "down", "slow_down", "unseen"]),
    st.sampled_from(["POST", "POST", "PATCH", "GET", ""]),
    st.sampled_from(["", "/comments", "/pulls", "/reviews", "/check-runs", "/issues$", "/dispatches", "/reactions"]),
    skip=st.integers(0, 3),
    times=st.integers(1, 4),
    seconds=st.just(5.0),
)


LATE = Rule("unseen", "POST", "", times=0, seconds=5)  # a bad day: no list shows what was just made


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
@given(st.booleans(), st.lists(rules, max_size=4), st.lists(st.integers(1, 20), max_size=3))
def test_gha_02_gha_10_idm_04_killed_lost_or_late_each_effect_is_there_once(
    late: bool, rules: list[Rule], kills: list[int]
) -> None:
    """GHA-02, GHA-10, IDM-04: any faults, any kills, then attempts until one succeeds, then one more."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as place:
        place.faults.add(*([LATE] if late else []), *rules)
        attempts = 0
        for after in [*kills, 0, 0, 0]:
            attempts += 1
            try:
                job(place.effects(Deadly(place, after), again=attempts > 1), place)
            except (Killed, HubProblem):
                continue
        place.faults.clear()
        place.clock.seconds += 700  # an open circuit belongs to a process; limits to GitHub
        job(place.effects(Deadly(place, 0), again=True), place)
        check(place)


def test_a_second_run_of_the_job_writes_nothing_new(tmp_path: Path) -> None:
    with world(tmp_path) as place:
        for again in (False, True):
            job(place.effects(Deadly(place, 0), again=again), place)
        check(place)


def test_a_ship_job_needs_few_requests(tmp_path: Path) -> None:
    """A whole swarm of 8 has to stay under 150; a whole ship job of one unit is a fifth of that at most."""
    with world(tmp_path) as place:
        before = len(place.hub.requests)
        job(place.effects(Deadly(place, 0)), place)
        assert len(place.hub.requests) - before <= 30


class Slow:
    """A clock on which each look-up takes long."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_look_up_that_began_before_lists_are_up_to_date_proves_nothing() -> None:
    """It read what was there at its begin; its answer came when the time was over. Found by the soak."""
    clock, visible = Slow(), 8.0

    def find() -> str | None:
        read = clock.now
        clock.now += 20.0
        return "there" if read >= visible else None

    once = Once(clock, again=True)  # type: ignore[arg-type]  # it asks its clock for no more
    assert once(find, lambda: "a second one") == "there"

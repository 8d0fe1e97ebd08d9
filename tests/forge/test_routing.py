"""The router's decision, and who waits for a runner."""

from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.hub import WorkflowJob, WorkflowRun
from factory.contracts.tables import GithubSettings
from factory.forge.routing import Signals, choose
from factory.forge.waiting import parked


def test_each_rule_has_its_reason() -> None:
    cloud = Signals(cloud_endpoints=True)
    for signals, to, word in (
        (Signals(effort=9), "local_agent", "No endpoint"),
        (cloud.but(effort=9), "swarm", "fan-out"),
        (cloud.but(effort=2), "local_agent", "one job"),
        (cloud.but(effort=9, labels=("bug", "privacy:local")), "local_agent", "privacy:local"),
        (cloud.but(effort=2, box_waiting=3, box_offline="cloud"), "swarm", "3 jobs"),
    ):
        route = choose(signals)
        assert route.to == to, signals
        assert word in route.why


@given(
    st.builds(
        Signals,
        effort=st.integers(1, 10),
        labels=st.lists(st.sampled_from(["bug", "private", "agent:local", "x"])).map(tuple),
        cloud_endpoints=st.booleans(),
        box_waiting=st.integers(0, 9),
        box_offline=st.sampled_from(["park", "cloud"]),
    )
)
def test_private_code_never_leaves_and_copilot_is_never_chosen(signals: Signals) -> None:
    route = choose(signals)
    assert route.to in ("local_agent", "swarm")
    if {"private", "agent:local"} & set(signals.labels) or not signals.cloud_endpoints:
        assert route.to == "local_agent"


def job(
    name: str, created: str, status: str = "queued", labels: tuple[str, ...] = ("self-hosted", "gpu")
) -> WorkflowJob:
    return WorkflowJob(id=1, name=name, status=status, labels=labels, created=created)


def test_act_04_a_job_that_nobody_picks_up_is_seen_after_the_minutes_of_the_settings() -> None:
    run = WorkflowRun(id=5, attempt=1, name="refine gh-7-abc", path="x", event="repository_dispatch", status="queued")
    now = "2026-11-21T12:00:00Z"
    jobs = (
        job("late", "2026-11-21T11:29:00Z"),
        job("early", "2026-11-21T11:45:00Z"),
        job("works", "2026-11-21T09:00:00Z", status="in_progress"),
        job("hosted", "2026-11-21T09:00:00Z", labels=("ubuntu-24.04",)),
    )
    found = parked([(run, jobs)], now, GithubSettings(box_minutes=30))
    assert [(item.job, item.minutes, item.title) for item in found] == [("late", 31, "refine gh-7-abc")]

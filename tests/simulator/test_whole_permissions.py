"""Each permission taken away from each job in turn: a sentence that names it, nothing half-made; and who may not write.

Whole workflow runs are not needed for this. A job's own token, less one permission, is given to its `factory job`
commands on the GitHub double (git, HTTP and all); what falls with the checkout is shown by the runner, with every job
of every workflow side by side in one run; and jobs that think or prove try every route of GitHub's that writes.
"""

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.jobs.handed import FILES
from tests.jobs.place import Place, place
from tests.line.targets import repository
from tests.simulator.duties import (
    Held,
    Scene,
    answering,
    commented,
    ending,
    errand,
    forwarding,
    labelled,
    moving,
    opening,
    posting,
    routing,
    scanning,
    shipping,
    watching,
)
from tests.simulator.duties_of_checks import looking, retrying, revising

ROOT = Path(__file__).parent.parent.parent
NAMES = ("dark-factory-swarm", "local-agent-worker", "forge-dispatch", "pr-feedback", "watchdog")
SWARM, BOX, ROUTER, FEEDBACK, WATCHDOG = NAMES
CHECKOUT = "checkout"  # a read of contents: the job's first step falls, see the test of all checkouts
DOWNLOAD = "download"  # a read of actions: the artifact of another run

SCENES: dict[tuple[str, str, str], Scene | str] = {
    (SWARM, "gate", "actions"): partial(errand, purpose="swarm"),
    (SWARM, "gate", "contents"): CHECKOUT,
    (SWARM, "gate", "issues"): labelled,
    (SWARM, "gate", "pull-requests"): partial(commented, purpose="any"),
    (SWARM, "refuse", "contents"): partial(answering, verb="budget"),
    (SWARM, "refuse", "issues"): answering,
    (SWARM, "refuse", "pull-requests"): partial(answering, pull=True),
    (SWARM, "open", "actions"): opening,
    (SWARM, "open", "contents"): opening,
    (SWARM, "open", "issues"): opening,
    (SWARM, "ship", "actions"): shipping,
    (SWARM, "ship", "checks"): shipping,
    (SWARM, "ship", "contents"): shipping,
    (SWARM, "ship", "issues"): shipping,
    (SWARM, "ship", "pull-requests"): shipping,
    (SWARM, "plan", "actions"): DOWNLOAD,
    (SWARM, "scan", "contents"): CHECKOUT,
    (SWARM, "scan", "security-events"): scanning,
    (BOX, "gate", "actions"): partial(errand, purpose="box"),
    (BOX, "gate", "checks"): revising,
    (BOX, "gate", "contents"): CHECKOUT,
    (BOX, "gate", "issues"): partial(labelled, purpose="box", label="agent:local"),
    (BOX, "gate", "pull-requests"): partial(commented, purpose="box"),
    (BOX, "gate", "statuses"): revising,
    (BOX, "refuse", "contents"): partial(answering, verb="budget"),
    (BOX, "refuse", "issues"): answering,
    (BOX, "refuse", "pull-requests"): partial(answering, pull=True),
    (BOX, "open", "actions"): opening,
    (BOX, "open", "contents"): opening,
    (BOX, "open", "issues"): opening,
    (BOX, "open", "pull-requests"): partial(opening, pull=True),
    (BOX, "work", "actions"): DOWNLOAD,
    (BOX, "ship", "actions"): partial(shipping, sends=False),
    (BOX, "ship", "checks"): partial(shipping, sends=False),
    (BOX, "ship", "contents"): partial(shipping, sends=False),
    (BOX, "ship", "issues"): partial(shipping, sends=False),
    (BOX, "ship", "pull-requests"): posting,
    (BOX, "scan", "contents"): CHECKOUT,
    (BOX, "scan", "security-events"): scanning,
    (ROUTER, "gate", "contents"): CHECKOUT,
    (ROUTER, "gate", "issues"): partial(labelled, purpose="any"),
    (ROUTER, "gate", "pull-requests"): partial(commented, purpose="any"),
    (ROUTER, "answer", "actions"): partial(answering, verb="stop", at_work=True),
    (ROUTER, "answer", "contents"): partial(answering, verb="budget"),
    (ROUTER, "answer", "issues"): answering,
    (ROUTER, "answer", "pull-requests"): partial(answering, pull=True),
    (ROUTER, "route", "actions"): retrying,
    (ROUTER, "route", "contents"): partial(routing, to="local_agent"),
    (ROUTER, "route", "issues"): partial(routing, to="notify"),
    (ROUTER, "trigger", "actions"): partial(routing, to="agentic_trigger", workflow="docs.yml"),
    (ROUTER, "trigger", "contents"): partial(routing, to="agentic_trigger", workflow="docs.yml"),
    (ROUTER, "trigger", "issues"): partial(routing, to="agentic_trigger", workflow="docs.yml"),
    (FEEDBACK, "forward", "contents"): forwarding,
    **{(FEEDBACK, "look", name): looking for name in ("actions", "checks", "contents", "pull-requests", "statuses")},
    (FEEDBACK, "gate", "contents"): CHECKOUT,
    (FEEDBACK, "gate", "issues"): partial(labelled, purpose="feedback", comment=True),
    (FEEDBACK, "gate", "pull-requests"): commented,
    (FEEDBACK, "answer", "actions"): partial(answering, verb="stop", at_work=True),
    (FEEDBACK, "answer", "contents"): partial(answering, verb="budget"),
    (FEEDBACK, "answer", "issues"): answering,
    (FEEDBACK, "answer", "pull-requests"): partial(answering, pull=True),
    (FEEDBACK, "route", "actions"): retrying,
    (FEEDBACK, "route", "contents"): partial(routing, to="local_agent"),
    (FEEDBACK, "route", "issues"): partial(routing, to="notify"),
    (FEEDBACK, "route", "pull-requests"): partial(routing, to="notify", pull="yes"),
    (FEEDBACK, "outcome", "contents"): ending,
    (FEEDBACK, "outcome", "pull-requests"): ending,
    (WATCHDOG, "watch", "actions"): moving,
    (WATCHDOG, "watch", "checks"): partial(looking, hourly=True),
    (WATCHDOG, "watch", "contents"): watching,
    (WATCHDOG, "watch", "issues"): watching,
    (WATCHDOG, "watch", "pull-requests"): partial(watching, pull=True),
    (WATCHDOG, "watch", "statuses"): partial(looking, hourly=True),
}  # fmt: skip

SPARE = {
    (SWARM, "refuse", "pull-requests"),
    (BOX, "refuse", "pull-requests"),
    (BOX, "open", "pull-requests"),
    (BOX, "ship", "actions"),
    (ROUTER, "answer", "pull-requests"),
    (FEEDBACK, "answer", "pull-requests"),
    (FEEDBACK, "route", "pull-requests"),
    (WATCHDOG, "watch", "pull-requests"),
}
"""Nothing is lost without it. GitHub takes `issues: write` for comments and reactions on pull requests too, by its own
description; and where `close` may not look whether a cancelled job ever began, its money counts as spent."""


def jobs() -> dict[tuple[str, str], dict[str, Any]]:
    """Every job of the factory's workflows, by file and id."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name in NAMES:
        text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
        found |= {(name, job): spec for job, spec in yaml.safe_load(text)["jobs"].items()}
    return found


def less(held: Mapping[str, str], name: str) -> Held:
    """One level lower: a write becomes a read, a read nothing."""
    rest: Held = {key: level for key, level in held.items() if key != name}
    return {**rest, name: "read"} if held[name] == "write" else rest


@contextlib.contextmanager
def world(folder: Path) -> Iterator[Place]:
    with place(folder, lambda path: repository(path, FILES)) as here:
        yield here


@pytest.mark.parametrize(("name", "job", "permission"), [key for key, scene in SCENES.items() if callable(scene)])
def test_a_permission_taken_away_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, job: str, permission: str
) -> None:
    """The job's log, or what it said on the issue, names what its token lacks; a spare one changes nothing."""
    held = less(jobs()[name, job]["permissions"], permission)
    scene = SCENES[name, job, permission]
    assert callable(scene)
    with world(tmp_path) as here:
        said = scene(here, held, capsys)
        assert here.hub.violations == []
    named = f"{permission.replace('-', '_')}=" in said
    assert named == ((name, job, permission) not in SPARE), said


@pytest.mark.parametrize("permission", ["contents", "checks", "pull-requests", "actions"])
def test_a_ship_job_that_lacks_a_permission_still_has_its_last_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], permission: str
) -> None:
    """One status comment; what failed stands in it, with the permission that is lacking."""
    held = less(jobs()[SWARM, "ship"]["permissions"], permission)
    with world(tmp_path) as here:
        shipping(here, held, capsys)
        (said,) = here.comments(1)
        over = "At work" not in said
    assert over, said
    assert permission == "checks" or f"{permission.replace('-', '_')}=" in said, said


def test_every_permission_of_every_job_has_its_test() -> None:
    told = {(*key, name) for key, spec in jobs().items() for name in spec["permissions"]}
    quiet = {key for key, spec in jobs().items() if spec["env"]["FACTORY_ZONE"] in ("think", "prove")}
    told -= {(*key, "contents") for key in quiet}  # all checkouts fall together, below
    assert told == set(SCENES)

"""remember on the GitHub double: the run's lines on a branch of their own, once; what became of the ones before."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.errors import HubForbidden
from factory.contracts.memory import SHARED_FILE, Line
from factory.jobs.gate import gate
from factory.jobs.remember import remember
from factory.memory.lines import Bad, read
from tests.jobs.handed import FILES, ZERO, Handed, admitted, handed
from tests.jobs.place import Place, outputs, place
from tests.jobs.test_close import needs, opened, walked
from tests.jobs.test_gate import READ, labeled
from tests.line.targets import git, repository

BRANCH = "factory-memory"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, lambda folder: repository(folder, FILES)) as made:
        yield made
        assert made.hub.violations == []


def shared(here: Place) -> list[Line]:
    names = git(here.repo.folder, "ls-tree", "--name-only", BRANCH).split()
    raw = "\n".join(git(here.repo.folder, "show", f"{BRANCH}:{name}") for name in names).encode()
    lines = list(read(raw, here.clock.epoch() + 86_400))
    assert not [line for line in lines if isinstance(line, Bad)]
    return [line for line in lines if not isinstance(line, Bad)]


def kinds(here: Place) -> list[str]:
    return sorted({getattr(line, "kind", line.line) for line in shared(here)})


def remembered(here: Place, run: int, bundle: Handed | None = None, **more: Any) -> str:
    number = here.issue()
    ticket = admitted(here, number)
    bundle = bundle or handed(here, ticket, accepted=True, findings=(ZERO,))
    job = walked(here, ticket, run, bundle)
    assert remember(job, clock=here.clock) == 0
    return outputs(job)["lines"]


def test_a_run_leaves_its_lines_on_an_orphan_branch_and_nothing_the_second_time(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    job = walked(here, ticket, 7, handed(here, ticket, accepted=True, findings=(ZERO,)))
    assert remember(job, clock=here.clock) == 0
    assert int(outputs(job)["lines"]) >= 3
    assert kinds(here) == ["finding", "run", "unit"]
    assert git(here.repo.folder, "rev-list", "--count", BRANCH) == "1"
    (run,) = [line for line in shared(here) if line.line == "observation" and line.kind == "run"]
    assert (run.run, run.paths, run.pull) == (ticket.run, ("app.py", "web.py"), number + 1)
    again = here.job(ticket, "ship", run=7, attempt=2, temp="again", needs=json.loads(job.environment["FACTORY_NEEDS"]))
    (again.temp / "bundle").symlink_to(job.temp / "bundle")
    assert remember(again, clock=here.clock) == 0
    assert outputs(again)["lines"] == "0"
    assert git(here.repo.folder, "rev-list", "--count", BRANCH) == "1"


def test_what_became_of_an_earlier_pull_request_is_written_by_the_next_run(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    job = walked(here, ticket, 7, handed(here, ticket, accepted=True))
    assert remember(job, clock=here.clock) == 0
    with here.hub.lock:
        here.repo.issues[number + 1].state = "closed"
    remembered(here, 8)
    (ended,) = [line for line in shared(here) if line.line == "observation" and line.kind == "outcome"]
    assert (ended.run, ended.word, ended.pull) == (ticket.run, "closed", number + 1)
    remembered(here, 9)
    assert [getattr(line, "kind", "") for line in shared(here)].count("outcome") == 1


def test_a_run_that_made_nothing_writes_nothing(here: Place) -> None:
    ticket = admitted(here, here.issue())
    opened(here, ticket, 7)
    job = here.job(ticket, "ship", run=7, needs=needs(opened(here, ticket, 7), prove="failure"))
    assert remember(job, clock=here.clock) == 0
    assert outputs(job)["lines"] == "0"
    assert BRANCH not in git(here.repo.folder, "for-each-ref", "--format=%(refname:short)").split()


@pytest.mark.parametrize("secret", ["hunter2-hunter2-hunter2", "AKIA" + "QYLPMN5HHHFPZAM2"])
def test_an_agent_s_words_with_a_secret_are_not_kept(here: Place, secret: str) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    told = ZERO.but(severity="high", message=f"The key {secret} is printed.", fate="fixed in fix-1-1")
    bundle = handed(here, ticket, accepted=True, findings=(told, told.but(id="other", message="A lock is needed.")))
    job = walked(here, ticket, 7, bundle)
    here_job = here.job(ticket, "ship", run=7, temp=job.temp.name, FACTORY_MODEL_KEY="hunter2-hunter2-hunter2",
                        needs=json.loads(job.environment["FACTORY_NEEDS"]))  # fmt: skip
    assert remember(here_job, clock=here.clock) == 0
    assert [line.text for line in shared(here) if line.line == "suggestion"] == ["A lock is needed."]


def test_without_the_right_to_write_it_says_so(here: Place) -> None:
    number = here.issue()
    ticket = admitted(here, number)
    job = walked(here, ticket, 7, handed(here, ticket, accepted=True))
    poor = here.job(ticket, "ship", run=7, temp=job.temp.name, needs=json.loads(job.environment["FACTORY_NEEDS"]),
                    permissions=READ)  # fmt: skip
    with pytest.raises(HubForbidden):
        remember(poor, clock=here.clock)


def test_the_gate_hands_the_lines_on_beside_the_issue(here: Place) -> None:
    remembered(here, 7)
    number = here.issue()
    context = here.job(here.ticket(1), "gate", event="issues", payload=labeled(here, number), permissions=READ,
                       FACTORY_GATE_KEY=here.seed)  # fmt: skip
    assert gate(context, "swarm", context.temp / "gate", clock=here.clock) == 0
    raw = (context.temp / "gate" / SHARED_FILE).read_bytes()
    assert len(raw.splitlines()) == len(shared(here))

"""Jobs and their order: needs, conditions, matrices, concurrency, cancelling, killing, running again."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub.runs import Runner as Listed
from factory.simulator.hub.runs import settings
from factory.simulator.runner.options import Options
from tests.simulator.stage import Stage, stage

ON = "on: workflow_dispatch\npermissions: {}\n"


@pytest.fixture
def here(tmp_path: Path, evaluator: Expressions) -> Iterator[Stage]:
    with stage(tmp_path, evaluator, Options(patience=(0.2, 0.2), parallel=4)) as found:
        yield found


def jobs(**bodies: str) -> str:
    """Jobs on ubuntu-latest; a body without steps gets one that says hello."""
    text = ON + "jobs:\n"
    for name, body in bodies.items():
        steps = "" if "steps:" in body else "    steps: [{run: echo hello}]\n"
        text += (
            f"  {name}:\n    runs-on: ubuntu-latest\n" + "".join(f"    {line}\n" for line in body.splitlines()) + steps
        )
    return text


def test_success_asks_all_jobs_before_not_only_the_needed_ones(here: Stage) -> None:
    """A skipped job skips everything behind it, also behind an always(): GitHub's success() is transitive."""
    found = here.go(jobs(
        a="if: false", b="needs: a\nif: always()", c="needs: b",
        d="needs: b\nif: needs.b.result == 'success'",
        e="needs: [b]\nif: ${{ !cancelled() && needs.b.result == 'success' }}",
    ))  # fmt: skip
    assert found.results == {"a": "skipped", "b": "success", "c": "skipped", "d": "skipped", "e": "success"}
    assert found.conclusion == "success"


def test_failure_goes_down_the_line(here: Stage) -> None:
    found = here.go(
        jobs(a="steps: [{run: exit 1}]", b="needs: a", c="needs: b\nif: failure()", d="needs: a\nif: always()")
    )
    assert found.results == {"a": "failure", "b": "skipped", "c": "success", "d": "success"}
    assert found.conclusion == "failure"


def test_a_tolerated_job_counts_as_success_for_others(here: Stage) -> None:
    found = here.go(jobs(a="continue-on-error: true\nsteps: [{run: exit 1}]", b="needs: a"))
    assert (found.conclusion, found.results) == ("success", {"a": "success", "b": "success"})
    assert found.job("a").result == "failure"


def test_a_matrix_from_an_output(here: Stage) -> None:
    found = here.go(jobs(
        plan='outputs: {units: "${{ steps.x.outputs.units }}"}\nsteps:\n  - id: x\n'
        "    run: echo 'units=[\"a\",\"b\",\"c\"]' >> $GITHUB_OUTPUT",
        make="needs: plan\nif: needs.plan.outputs.units != '[]'\nname: Make ${{ matrix.unit }}\n"
        "strategy: {fail-fast: false, matrix: {unit: \"${{ fromJSON(needs.plan.outputs.units) }}\"}}\n"
        "steps: [{run: 'echo ${{ matrix.unit }} ${{ strategy.job-index }} of ${{ strategy.job-total }}'}]",
        after="needs: make",
    ))  # fmt: skip
    assert found.conclusion == "success"
    assert [job.name for job in found.jobs] == ["plan", "Make a", "Make b", "Make c", "after"]
    assert "c 2 of 3" in here.log(found, "Make c")


def test_an_empty_matrix_fails_the_job_unless_its_condition_says_no(here: Stage) -> None:
    strategy = "strategy: {matrix: {unit: \"${{ fromJSON('[]') }}\"}}"
    found = here.go(jobs(a=strategy, b=f"if: false\n{strategy}"))
    assert found.results == {"a": "failure", "b": "skipped"}
    assert "does not contain any values" in found.problem


def test_fail_fast_cancels_the_other_legs(here: Stage) -> None:
    leg = "steps: [{run: '[ ${{ matrix.n }} = 1 ] && exit 1 || sleep 60'}]"
    began = time.monotonic()
    found = here.go(jobs(a=f"strategy: {{matrix: {{n: [1, 2, 3]}}}}\n{leg}"))
    assert time.monotonic() - began < 40  # a step that is just starting may miss the interrupt and be killed later
    assert [job.result for job in found.jobs] == ["failure", "cancelled", "cancelled"]
    assert found.conclusion == "failure"


def test_act_02_all_legs_fail_and_none_is_cancelled(here: Stage) -> None:
    """ACT-02: fail-fast false; what comes after is not started, the reporter is."""
    leg = "strategy: {fail-fast: false, matrix: {n: [1, 2, 3]}}\nsteps: [{run: exit 1}]"
    found = here.go(jobs(a=leg, dispatch="needs: a", report="needs: a\nif: always()"))
    assert [job.result for job in found.jobs][:3] == ["failure"] * 3
    assert (found.results["dispatch"], found.results["report"], found.conclusion) == ("skipped", "success", "failure")


def test_max_parallel_limits_the_legs(here: Stage, tmp_path: Path) -> None:
    count = "n=$(ls {0} | wc -l); touch {0}/$$; [ $n = 0 ] || echo together; sleep 0.1; rm {0}/$$".format(
        tmp_path / "in"
    )
    (tmp_path / "in").mkdir()
    found = here.go(jobs(a=f"strategy: {{max-parallel: 1, matrix: {{n: [1, 2, 3]}}}}\nsteps: [{{run: '{count}'}}]"))
    assert found.conclusion == "success"
    assert not [job for job in found.jobs if "\ntogether" in here.log(found, job.name)]


QUEUE = (
    ON
    + """
run-name: ${{ inputs.n }}
jobs:
  write:
    runs-on: ubuntu-latest
    concurrency: {group: "Issue-7", queue: MODE}
    steps: [{run: sleep 0.2}]
"""
)


def test_act_05_queue_max_keeps_three_triggers_in_order(here: Stage) -> None:
    """ACT-05: at most one active, none lost."""
    here.write(
        {"w.yml": QUEUE.replace("MODE", "max").replace("workflow_dispatch", "{workflow_dispatch: {inputs: {n: {}}}}")}
    )
    for number in range(4):
        here.start("w.yml", {"n": str(number)})
    here.runner.drain()
    found = here.runner.records()
    assert [run.conclusion for run in found] == ["success"] * 4
    assert [run.title for run in found] == ["0", "1", "2", "3"]


def test_act_05_without_it_github_cancels_the_older_pending_ones(here: Stage) -> None:
    """ACT-05: the default keeps one running and the newest pending."""
    here.write({"w.yml": QUEUE.replace("MODE", "single")})
    for _ in range(4):
        here.start("w.yml")
    here.runner.drain()
    assert [run.conclusion for run in here.runner.records()] == ["success", "cancelled", "cancelled", "success"]


def test_groups_are_shared_across_workflows_and_cases(here: Stage, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    step = f"mkdir {tmp_path}/in/one && sleep 0.2 && rmdir {tmp_path}/in/one"
    one = ON + f"concurrency: GROUP\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{{run: '{step}'}}]}}}}\n"
    here.write({"one.yml": one, "two.yml": one.replace("GROUP", "group")})
    here.start("one.yml")
    here.start("two.yml")
    here.runner.drain()
    assert [run.conclusion for run in here.runner.records()] == ["success", "success"]


def test_cancel_in_progress_ends_the_running_one(here: Stage) -> None:
    one = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: sleep 2}]}}"
    text = f"{ON}concurrency: {{group: x, cancel-in-progress: true}}\n{one}"
    here.write({"w.yml": text})
    here.start("w.yml")
    while not here.runner.turn() or not any(job.machine for run in here.runner.records() for job in run.jobs):
        time.sleep(0.01)
    here.start("w.yml")
    here.runner.drain()
    assert [run.conclusion for run in here.runner.records()] == ["cancelled", "success"]


def test_a_matrix_in_a_static_group_cancels_itself(here: Stage) -> None:
    """FACTS §2."""
    found = here.go(
        jobs(a="concurrency: same\nstrategy: {fail-fast: false, matrix: {n: [1, 2, 3]}}\nsteps: [{run: sleep 0.1}]")
    )
    assert sorted(job.result for job in found.jobs) == ["cancelled", "success", "success"]


def test_cancel_interrupts_then_terminates_then_kills(here: Stage) -> None:
    """A step that wants no signal is killed; always() steps and jobs still run."""
    here.write({"w.yml": jobs(
        a="steps:\n  - run: |\n      trap 'echo heard INT' INT; trap 'echo heard TERM' TERM\n"
        "      echo ready; while true; do sleep 0.05; done\n  - {if: always(), run: echo swept}",
        b="needs: a", c="needs: a\nif: always()",
    )})  # fmt: skip
    here.start("w.yml")
    here.runner.turn()
    run = next(iter(here.runner.runs))
    log = lambda: here.runner.record(run).job("a").log  # noqa: E731  one line says it
    while not log() or "\nready" not in Path(log()).read_text():
        time.sleep(0.02)
    here.runner.cancel(run)
    here.runner.drain()
    found = here.runner.record(run)
    text = here.log(found, "a")
    assert text.index("\nheard INT") < text.index("\nheard TERM") < text.index("\nswept")
    assert (found.conclusion, found.results) == ("cancelled", {"a": "cancelled", "b": "skipped", "c": "success"})


def test_act_04_a_job_without_its_runner_stays_queued_until_github_gives_up(here: Stage) -> None:
    """ACT-04: offline box: queued; after 24 h cancelled."""
    settings(here.repo).runners.append(Listed(1, "box", ("self-hosted", "gpu"), "offline"))
    text = jobs(a="", box="needs: a").replace(
        "  box:\n    runs-on: ubuntu-latest", "  box:\n    runs-on: [self-hosted, GPU]"
    )
    found = here.go(text)
    assert (found.status, found.job("box").status) == ("in_progress", "queued")
    here.clock.time += 3600
    settings(here.repo).runners[0].status = "online"
    here.runner.drain()
    assert here.runner.record(found.id).job("box").machine == "box"
    settings(here.repo).runners[0].status = "offline"
    second = here.dispatch("w.yml")
    here.clock.time += 86_401
    here.runner.drain()
    assert here.runner.record(second.id).results["box"] == "cancelled"


def test_act_07_each_job_begins_in_an_empty_folder(here: Stage) -> None:
    """ACT-07."""
    step = 'steps: [{run: "test -z \\"$(ls -A)\\" && touch left $HOME/left $RUNNER_TEMP/left"}]'
    found = here.go(jobs(a=step, b=f"needs: a\n{step}"))
    assert found.conclusion == "success"


def test_act_10_failed_jobs_run_again_and_the_others_are_kept(here: Stage, tmp_path: Path) -> None:
    """ACT-10: attempt 2 keeps results and outputs of what had succeeded."""
    flaky = f"steps: [{{run: 'test -e {tmp_path}/mended || exit 1'}}]"
    count = f"echo x >> {tmp_path}/count; echo v=$(wc -l < {tmp_path}/count) >> $GITHUB_OUTPUT"
    counted = f"steps:\n  - {{id: x, run: '{count}'}}"
    text = jobs(
        a=f'outputs: {{v: "${{{{ steps.x.outputs.v }}}}"}}\n{counted}', b=f"needs: a\n{flaky}",
        c="needs: [a, b]\nsteps: [{run: 'echo attempt $GITHUB_RUN_ATTEMPT value ${{ needs.a.outputs.v }}'}]",
    )  # fmt: skip
    found = here.go(text)
    assert found.results == {"a": "success", "b": "failure", "c": "skipped"}
    (tmp_path / "mended").touch()
    here.runner.rerun(found.id)
    here.runner.drain()
    again = here.runner.record(found.id)
    assert (again.id, again.attempt, again.conclusion) == (found.id, 2, "success")
    assert "attempt 2 value 1" in here.log(again, "c")
    assert (tmp_path / "count").read_text() == "x\n"


def test_a_killed_job_fails_at_once_and_can_run_again(here: Stage) -> None:
    loop = "for n in 1 2 3 4 5 6; do echo line $n; sleep 0.1; done"
    text = jobs(
        a=f"steps:\n  - run: {loop}\n  - {{if: always(), run: echo never}}", b="needs: a\nif: always()"
    )  # fmt: skip
    here.runner.kill_after("a", lines=7)
    found = here.go(text)
    assert (found.results, found.conclusion) == ({"a": "failure", "b": "success"}, "failure")
    assert "line 6" not in here.log(found, "a")
    assert "lost communication" in found.job("a").notes[-1].message
    assert "\nnever" not in here.log(found, "a")
    here.runner.rerun(found.id)
    here.runner.drain()
    assert here.runner.record(found.id).conclusion == "success"


def test_a_token_ends_with_its_job_and_has_what_the_job_declares(here: Stage) -> None:
    text = jobs(a="permissions: {issues: write, contents: read}\nsteps: [{run: sleep 0.05}]", b="").replace(
        "permissions: {}\n", ""
    )
    found = here.go(text)
    assert found.job("a").permissions == {"issues": "write", "contents": "read"}
    assert found.job("b").permissions == {"contents": "read", "packages": "read"}
    assert not [token for token in here.hub.tokens.values() if token.kind == "actions"]


def test_jobs_run_side_by_side_within_their_number(here: Stage) -> None:
    began = time.monotonic()
    found = here.go(jobs(**{f"j{n}": "steps: [{run: sleep 0.6}]" for n in range(4)}))
    assert found.conclusion == "success"
    assert time.monotonic() - began < 2.2

"""Steps of a job: shells, the runner's files, conditions, outputs, masks, limits."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.runner.options import Options
from tests.simulator.stage import Stage, stage

ON = "on: workflow_dispatch\npermissions: {}\n"


def job(steps: str, more: str = "") -> str:
    """A workflow of one job `a` with these steps."""
    indented = "\n".join("      " + line for line in steps.strip("\n").splitlines())
    return f"{ON}jobs:\n  a:\n    runs-on: ubuntu-latest\n{more}    steps:\n{indented}\n"


@pytest.fixture
def here(tmp_path: Path, evaluator: Expressions) -> Iterator[Stage]:
    options = Options(secrets={"KEY": "s3cret-value", "PEM": "line one\nline two"}, patience=(0.3, 0.3))
    with stage(tmp_path, evaluator, options) as found:
        yield found


def test_outputs_reach_the_jobs_that_need_them(here: Stage) -> None:
    found = here.go(
        ON
        + """
jobs:
  a:
    runs-on: ubuntu-latest
    outputs: {x: "${{ steps.one.outputs.x }}", many: "${{ steps.one.outputs.many }}"}
    steps:
      - id: one
        run: |
          echo "x=1 2" >> "$GITHUB_OUTPUT"
          printf 'many<<END\\nfirst\\nsecond=2\\nEND\\n' >> "$GITHUB_OUTPUT"
  b:
    needs: a
    runs-on: ubuntu-latest
    env: {X: "${{ needs.a.outputs.x }}", ALL: "${{ toJSON(needs) }}"}
    steps:
      - run: echo "got $X at $GITHUB_REPOSITORY" && echo "$ALL" | grep -c success
"""
    )
    assert found.conclusion == "success"
    assert found.outputs["a"] == {"x": "1 2", "many": "first\nsecond=2"}
    assert "got 1 2 at octo/shop" in here.log(found, "b")


def test_environment_of_workflow_job_step_and_files(here: Stage) -> None:
    """A later level wins; GITHUB_ENV and GITHUB_PATH count from the next step on."""
    found = here.go(
        job(
            """
- run: |
    echo "$A $B $C"
    echo "B=from file" >> "$GITHUB_ENV"
    mkdir -p tools && printf '#!/bin/sh\\necho own tool' > tools/own && chmod +x tools/own
    echo "$PWD/tools" >> "$GITHUB_PATH"
  env: {C: step}
- run: own && echo "$A $B ${C:-none} ${{ env.B }}"
""",
            "    env: {B: job, A: job}\n",
        ).replace("jobs:", "env: {A: workflow, B: workflow}\njobs:")
    )
    log = here.log(found, "a")
    assert "job job step" in log
    assert "own tool\njob from file none from file" in log


def test_nothing_of_ours_reaches_a_step(here: Stage) -> None:
    found = here.go(job("- run: env -0 | sort -z | tr '\\0' '\\n'\n- run: ls -A \"$GITHUB_WORKSPACE\" \"$HOME\""))
    names = {line.split("=")[0] for line in here.log(found, "a").splitlines() if line[:1].isalpha() and "=" in line}
    allowed = ("GITHUB_", "RUNNER_")
    shell = {"HOME", "PATH", "CI", "LANG", "PWD", "SHLVL", "_"}
    assert not {name for name in names if not name.startswith(allowed)} - shell
    assert "GITHUB_TOKEN" not in names
    assert str(Path.home()) + "/." not in here.log(found, "a")


def test_secrets_and_masked_values_never_reach_the_log(here: Stage) -> None:
    found = here.go(
        job(
            """
- run: |
    echo "key=$KEY"; echo "${KEY:0:3} and $KEY"; echo "$PEM"
    echo "::add-mask::found-out"; echo "this found-out is hidden"
    echo "token $TOKEN"
    echo "## $KEY" >> "$GITHUB_STEP_SUMMARY"
    echo "leak=$KEY" >> "$GITHUB_OUTPUT"
    echo "fine=1" >> "$GITHUB_OUTPUT"
  id: one
  env: {KEY: "${{ secrets.KEY }}", PEM: "${{ secrets.PEM }}", TOKEN: "${{ github.token }}"}
""",
            '    outputs: {leak: "${{ steps.one.outputs.leak }}", fine: "${{ steps.one.outputs.fine }}"}\n',
        )
    )
    log = here.log(found, "a")
    assert "s3cret-value" not in log
    assert "line two" not in log
    assert "this *** is hidden" in log
    assert "token ***" in log
    assert found.job("a").summary == "## ***\n"
    assert found.outputs["a"] == {"fine": "1"}
    assert "Skip output 'leak' since it may contain secret." in [note.message for note in found.job("a").notes]


def test_a_failure_skips_the_rest_but_for_those_that_ask(here: Stage) -> None:
    found = here.go(
        job("""
- run: echo one; false; echo never
- run: echo two
- {name: three, if: failure(), run: echo three}
- {name: four, if: always(), run: echo four}
- {name: five, if: "!cancelled() && steps.none.outcome == ''", run: echo five}
""")
    )
    assert found.conclusion == "failure"
    assert [step.conclusion for step in found.job("a").steps] == ["failure", "skipped", "success", "success", "success"]
    assert "never" not in here.log(found, "a").replace("echo never", "")


def test_a_tolerated_step_has_an_outcome_and_a_conclusion(here: Stage) -> None:
    found = here.go(
        job("""
- {id: x, run: exit 3, continue-on-error: true}
- run: test "${{ steps.x.outcome }}/${{ steps.x.conclusion }}" = failure/success
""")
    )
    assert found.conclusion == "success"


@pytest.mark.parametrize(("shell", "fails"), [("", False), ("shell: bash", True), ("shell: sh", False)])
def test_pipefail_only_where_bash_is_named(here: Stage, shell: str, fails: bool) -> None:
    """Without `shell` GitHub runs `bash -e`, with `shell: bash` also -o pipefail."""
    found = here.go(job(f"- run: false | true\n  {shell}"))
    assert found.conclusion == ("failure" if fails else "success")


def test_python_as_shell_and_defaults_of_run(here: Stage) -> None:
    found = here.go(
        job(
            """
- {run: mkdir sub, working-directory: .}
- run: import os; print("in", os.path.basename(os.getcwd()))
""",
            "    defaults: {run: {shell: bash}}\n",
        ).replace("- run: import", "- shell: python\n        working-directory: sub\n        run: import")
    )
    assert "in sub" in here.log(found, "a")


def test_act_08_a_summary_over_the_limit_is_dropped_and_the_job_stays_green(here: Stage) -> None:
    """ACT-08."""
    found = here.go(job("- run: head -c 1100000 /dev/zero | tr '\\0' x >> \"$GITHUB_STEP_SUMMARY\""))
    assert found.conclusion == "success"
    assert found.job("a").summary == ""
    assert "upload aborted, supports content up to a size of 1024k" in found.job("a").notes[0].message


def test_act_08_outputs_over_the_limit_fail_the_job(here: Stage) -> None:
    """ACT-08: GitHub's limit is 1 MB a job."""
    found = here.go(
        job(
            """
- id: x
  run: "{ echo 'big<<E'; head -c 1100000 /dev/zero | tr '\\\\0' x; echo; echo E; } >> $GITHUB_OUTPUT"
""",
            '    outputs: {big: "${{ steps.x.outputs.big }}"}\n',
        )
    )
    assert found.conclusion == "failure"
    assert "larger than 1 MB" in found.job("a").notes[-1].message
    assert found.outputs["a"] == {}


def test_commands_are_heard_and_annotations_kept(here: Stage) -> None:
    found = here.go(
        job("""
- run: |
    echo "::error title=Oh::it 100%25 broke"
    echo "::stop-commands::tok"; echo "::warning::not a command"; echo "::tok::"
    echo "::notice::heard again"; echo "::set-output name=x::1"
""")
    )
    notes = [(note.level, note.title, note.message) for note in found.job("a").notes]
    assert notes[:2] == [("error", "Oh", "it 100% broke"), ("notice", "", "heard again")]
    assert "disabled" in notes[2][2]


def test_a_broken_output_file_fails_the_step(here: Stage) -> None:
    found = here.go(job("- run: printf 'x<<END\\nno end\\n' >> $GITHUB_OUTPUT"))
    assert found.conclusion == "failure"
    assert "Matching delimiter not found 'END'" in found.job("a").notes[0].message


def test_step_and_job_timeouts(here: Stage) -> None:
    """A step's limit fails it; a job's limit cancels it."""
    step = here.go(job("- {run: sleep 20, timeout-minutes: 0.004}\n- {name: after, if: failure(), run: echo after}"))
    assert step.conclusion == "failure"
    assert step.job("a").steps[1].conclusion == "success"
    whole = here.go(job("- run: sleep 20\n- {if: always(), run: echo still said}", "    timeout-minutes: 0.004\n"))
    assert whole.results["a"] == "cancelled"
    assert "maximum execution time" in here.log(whole, "a")
    assert "\nstill said" in here.log(whole, "a")


def test_what_a_step_left_running_is_gone_after_the_job(here: Stage, tmp_path: Path) -> None:
    flag = tmp_path / "alive"
    found = here.go(job(f"- run: (sleep 1.5; touch {flag}) >/dev/null 2>&1 &\n- run: echo next"))
    assert found.conclusion == "success"
    time.sleep(1.8)
    assert not flag.exists()


def test_a_condition_that_cannot_be_evaluated_fails_the_step(here: Stage) -> None:
    found = here.go(job("- {run: echo hi, if: \"fromJSON('{') == 1\"}"))
    assert found.conclusion == "failure"
    assert found.job("a").notes


def test_hash_files_and_contexts(here: Stage) -> None:
    found = here.go(
        job("""
- run: mkdir -p a/b && echo 1 > a/b/x.lock && echo 2 > y.lock
- run: |
    test -n "${{ hashFiles('**/*.lock') }}" && test -z "${{ hashFiles('*.none') }}"
    test "${{ hashFiles('y.lock') }}" != "${{ hashFiles('**/*.lock') }}"
    test "${{ runner.os }}/${{ job.status }}/${{ github.run_attempt }}" = Linux/success/1
    test "${{ job.workflow_repository }}@${{ job.workflow_sha }}" = "octo/shop@$GITHUB_SHA"
    test "$(jq -r .repository.full_name "$GITHUB_EVENT_PATH" 2>/dev/null || echo octo/shop)" = octo/shop
""")
    )
    assert found.conclusion == "success", here.log(found, "a")

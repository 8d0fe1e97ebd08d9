"""Reusable workflows and composite actions: what goes in, what comes out, what GitHub does not start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare
from factory.simulator.runner.options import Options
from tests.simulator.stage import Stage, stage

CALLED = """
on:
  workflow_call:
    inputs:
      word: {type: string, default: none}
      many: {type: number, default: 2}
      dry: {type: boolean, default: false}
    secrets: {KEY: {required: false}}
    outputs: {said: {value: "${{ jobs.inner.outputs.said }}"}}
permissions: {}
jobs:
  inner:
    runs-on: ubuntu-latest
    permissions: {contents: read}
    outputs: {said: "${{ steps.x.outputs.said }}"}
    env: {KEY: "${{ secrets.KEY }}"}
    steps:
      - id: x
        run: |
          echo "said=${{ inputs.word }}-${{ inputs.many * 1 }}" >> $GITHUB_OUTPUT || true
          echo "key length ${#KEY} dry ${{ inputs.dry == false }} event ${{ github.event_name }}"
          echo "in ${{ github.workflow_ref }} from ${{ job.workflow_ref }}"
""".replace("inputs.many * 1", "inputs.many")
CALLER = """
on: workflow_dispatch
permissions: {contents: read}
jobs:
  call:
    uses: USES
    permissions: {contents: read}
    with: {word: hello}
    SECRETS
  after:
    needs: call
    runs-on: ubuntu-latest
    steps: [{run: 'echo after ${{ needs.call.outputs.said }}'}]
"""
BEYOND = "requesting 'contents: read', but is only allowed 'contents: none'"


@pytest.fixture
def here(tmp_path: Path, evaluator: Expressions) -> Iterator[Stage]:
    options = Options(secrets={"KEY": "four", "OTHER": "other"}, patience=(0.2, 0.2))
    with stage(tmp_path, evaluator, options) as found:
        yield found


@pytest.mark.parametrize("where", ["./", "$/"])
@pytest.mark.parametrize(
    ("secrets", "length"), [("", 0), ("secrets: inherit", 4), ('secrets: {KEY: "${{ secrets.KEY }}"}', 4)]
)
def test_inputs_secrets_and_outputs(here: Stage, where: str, secrets: str, length: int) -> None:
    here.write({"called.yml": CALLED})
    text = CALLER.replace("USES", f"{where}.github/workflows/called.yml").replace("SECRETS", secrets)
    found = here.go(text)
    assert found.conclusion == "success", found.problem
    assert found.outputs["call"] == {"said": "hello-2"}
    log = here.log(found, "call/inner")
    assert f"key length {length} dry true event workflow_dispatch" in log
    assert "in octo/shop/.github/workflows/w.yml@refs/heads/main from octo/shop/.github/workflows/called.yml@" in log
    assert "after hello-2" in here.log(found, "after")
    assert found.job("call / inner").id == "call/inner"


def test_from_another_repository_at_a_ref(here: Stage) -> None:
    other = here.hub.repository("factory/line")
    files = {".github/workflows/called.yml": CALLED.encode()}
    commit = bare.write_commit(other.folder, (), files, "first", here.hub.now())
    bare.set_ref(other.folder, "refs/tags/v1", commit)
    uses = "factory/line/.github/workflows/called.yml@v1"
    found = here.go(CALLER.replace("USES", uses).replace("SECRETS", ""))
    assert found.conclusion == "success", found.problem
    assert "from factory/line/.github/workflows/called.yml@v1" in here.log(found, "call/inner")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("word: hello", "wort: hello"), "Invalid input, wort is not defined"),
        (("permissions: {contents: read}\n    with", "permissions: {}\n    with"), BEYOND),
        (("./.github/workflows/called.yml", "./.github/workflows/none.yml"), "has no file .github/workflows/none.yml"),
        (("./.github/workflows/called.yml", "./.github/workflows/w.yml"), "missing an `on.workflow_call` trigger"),
        (("SECRETS", "secrets: {NONE: x}"), "Invalid secret, NONE is not defined"),
    ],
)  # fmt: skip
def test_what_github_does_not_start(here: Stage, change: tuple[str, str], says: str) -> None:
    here.write({"called.yml": CALLED})
    text = CALLER.replace("USES", "./.github/workflows/called.yml").replace(*change).replace("SECRETS", "")
    found = here.go(text)
    assert (found.conclusion, found.jobs) == ("startup_failure", ())
    assert says in found.problem


def test_a_called_workflow_never_gets_more_than_its_caller(here: Stage) -> None:
    here.write(
        {"called.yml": CALLED.replace("    permissions: {contents: read}\n", "").replace("permissions: {}\n", "")}
    )
    text = CALLER.replace("USES", "./.github/workflows/called.yml").replace("SECRETS", "")
    assert here.go(text).job("call/inner").permissions == {"contents": "read"}


def test_a_matrix_of_calls_that_call(here: Stage) -> None:
    middle = CALLER.replace("on: workflow_dispatch", "on: workflow_call").replace(
        "USES", "./.github/workflows/called.yml"
    )
    here.write({"called.yml": CALLED, "middle.yml": middle.replace("SECRETS", "")})
    found = here.go("""
on: workflow_dispatch
permissions: {contents: read}
jobs:
  top:
    strategy: {matrix: {n: [1, 2]}}
    uses: ./.github/workflows/middle.yml
""")
    assert found.conclusion == "success", found.problem
    names = [job.name for job in found.jobs]
    assert "top (1) / call / inner" in names
    assert len(names) == 4


def test_a_failure_inside_is_the_caller_s(here: Stage, tmp_path: Path) -> None:
    """And running again runs only what had failed inside."""
    here.write(
        {
            "called.yml": CALLED.replace(
                "id: x\n        run: |", f"id: x\n        run: |\n          test -e {tmp_path}/ok"
            )
        }
    )
    text = CALLER.replace("USES", "./.github/workflows/called.yml").replace("SECRETS", "")
    found = here.go(text)
    assert (found.conclusion, found.results) == ("failure", {"call": "failure", "after": "skipped"})
    (tmp_path / "ok").touch()
    here.runner.rerun(found.id)
    here.runner.drain()
    assert here.runner.record(found.id).conclusion == "success"


ACTION = """
name: Greet
description: Says hello
inputs: {who: {description: who, default: "${{ github.actor }}"}, loud: {description: loud}}
outputs: {said: {description: said, value: "${{ steps.x.outputs.said }}"}}
runs:
  using: composite
  steps:
    - id: x
      shell: bash
      env: {WHO: "${{ inputs.who }}"}
      run: echo "said=hello $WHO" >> $GITHUB_OUTPUT; cat "$GITHUB_ACTION_PATH/word.txt"; echo "LATER=set" >> $GITHUB_ENV
    - {if: inputs.loud == 'yes', shell: bash, run: echo LOUD}
    - {if: failure(), shell: bash, run: echo not reached}
"""


@pytest.mark.parametrize("uses", ["$/acts/greet", "octo/shop/acts/greet@main"])
def test_composite_actions(here: Stage, uses: str) -> None:
    """`$/` needs no checkout: it is the workflow's own commit."""
    text = f"""
on: workflow_dispatch
permissions: {{}}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - {{id: g, uses: "{uses}", with: {{loud: 'yes'}}}}
      - run: echo "got ${{{{ steps.g.outputs.said }}}} $LATER"
"""
    found = here.go(text, **{"acts/greet/action.yml": ACTION, "acts/greet/word.txt": "from the file\n"})
    log = here.log(found, "a")
    assert found.conclusion == "success", log
    for said in ("got hello octo set", "from the file", "\nLOUD"):
        assert said in log
    assert "not reached" not in log


def test_a_failure_in_a_composite_action_fails_its_step(here: Stage) -> None:
    broken = ACTION.replace('run: echo "said', 'run: exit 3; echo "said')
    text = (
        "on: workflow_dispatch\njobs: {a: {runs-on: ubuntu-latest, steps: [{uses: $/acts/greet}, {run: echo after}]}}"
    )
    found = here.go(text, **{"acts/greet/action.yml": broken, "acts/greet/word.txt": "x"})
    assert [step.conclusion for step in found.job("a").steps] == ["failure", "skipped"]
    assert "not reached" in here.log(found, "a")


@pytest.mark.parametrize(
    ("uses", "says"),
    [
        ("./acts/greet", "Did you forget to run actions/checkout"),
        ("someone/thing@v1", "cannot run someone/thing@v1: it has stand-ins for actions/attest-build-provenance"),
        ("actions/checkout@v4", "is not pinned"),
        ("docker://alpine", "runs no containers"),
        ("$/acts/none", "Can't find 'action.yml'"),
        ("octo/shop/acts/greet@nowhere", "unable to find version `nowhere`"),
        ("$/acts/bad", "Required property is missing: shell"),
    ],
)
def test_actions_that_cannot_run_say_why(here: Stage, uses: str, says: str) -> None:
    bad = ACTION.replace("      shell: bash\n", "")
    text = f"on: workflow_dispatch\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{{uses: '{uses}'}}]}}}}"
    found = here.go(text, **{"acts/greet/action.yml": ACTION, "acts/bad/action.yml": bad})
    assert found.conclusion == "failure"
    assert says in found.job("a").notes[0].message

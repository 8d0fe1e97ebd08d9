"""Steps of a job: shells, files of the runner, conditions, outputs, masks."""

from pathlib import Path

from factory.simulator.expressions.evaluator import Expressions
from tests.simulator.stage import stage

ON = "on: workflow_dispatch\npermissions: {}\n"


def test_outputs_and_needs(tmp_path: Path, evaluator: Expressions) -> None:
    with stage(tmp_path, evaluator) as here:
        found = here.go(
            ON
            + """
jobs:
  a:
    runs-on: ubuntu-latest
    outputs: {x: "${{ steps.one.outputs.x }}"}
    steps:
      - id: one
        run: echo "x=1 2" >> "$GITHUB_OUTPUT"
  b:
    needs: a
    runs-on: ubuntu-latest
    env: {X: "${{ needs.a.outputs.x }}"}
    steps:
      - run: echo "got $X and $GITHUB_REPOSITORY"
"""
        )
        assert found.conclusion == "success"
        assert found.outputs["a"] == {"x": "1 2"}
        assert "got 1 2 and octo/shop" in here.log(found, "b")

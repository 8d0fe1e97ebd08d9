"""Expressions by GitHub's own evaluator: values, conditions, and two slips of its package that we mend."""

from typing import Any

import pytest

from factory.simulator.expressions.evaluator import ExpressionProblem, Expressions, Status
from factory.simulator.runner.concurrency import Groups, Wish
from factory.simulator.runner.matrix import legs
from factory.simulator.runner.permissions import effective

KNOWN = {"github": {"actor": "Mona", "event": {"n": 3, "labels": [{"name": "a"}, {"name": "b"}]}}, "env": {}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ github.actor }}", "Mona"),
        ("by ${{ github.actor }}!", "by Mona!"),
        ("${{ github.event.n }}", 3),
        ("${{ github.event.labels.*.name }}", ["a", "b"]),
        ("${{ contains(github.event.labels.*.name, 'B') && 'yes' || 'no' }}", "yes"),
        ("${{ fromJSON('{\"a\": [1, true]}').a }}", [1, True]),
        ("${{ github.nothing.at.all }}", None),
        ("x${{ github.nothing }}y ${{ 1.0 }} ${{ true }}", "xy 1 true"),
        ("${{ 'it''s a ''word''' }}", "it's a 'word'"),
        ("${{ format('{0} {{1}} {1}', 'a', '}}') }}", "a {1} }}"),
        ("no expression $", "no expression $"),
    ],
)
def test_values(evaluator: Expressions, text: str, value: Any) -> None:
    assert evaluator.fill(text, KNOWN) == value


@pytest.mark.parametrize(
    ("text", "status", "holds"),
    [
        ("", Status(), True),
        ("", Status(success=False, failure=True), False),
        ("github.actor == 'mona'", Status(), True),
        ("github.actor == 'mona'", Status(success=False), False),
        ("${{ always() && github.actor }}", Status(success=False), True),
        ("failure()", Status(success=False, failure=True), True),
        ("cancelled() || github.actor == 'success()'", Status(success=False), False),
        ("'failure()'", Status(success=False), False),
        ("success('a') && always()", Status(success=False, results={"a": "success"}), True),
        ("${{ false }} text", Status(), True),
        (False, Status(), False),
        ("!github.nothing", Status(), True),
    ],
)
def test_conditions(evaluator: Expressions, text: Any, status: Status, holds: bool) -> None:
    assert evaluator.holds(text, KNOWN, status) is holds


def test_what_it_does_not_know_it_says(evaluator: Expressions) -> None:
    with pytest.raises(ExpressionProblem, match="Unrecognized named-value: 'nope'"):
        evaluator.fill("${{ nope.x }}", KNOWN)
    with pytest.raises(ExpressionProblem, match="Unrecognized function: 'system'"):
        evaluator.holds("system('ls')", KNOWN)


def test_text_over_several_lines_keeps_its_value(evaluator: Expressions) -> None:
    """The package keeps YAML's indentation there, and an expression on a line of its own would not be one."""
    text = """
on: push
jobs:
  a:
    runs-on: x
    if: >-
      ${{ github.actor == 'x' &&
          true }}
    steps:
      - run: |
          cat <<END
            ${{ github.actor }}
          END
"""
    found = evaluator.parse("w.yml", text)
    assert found.document is not None
    job = found.document["jobs"]["a"]
    assert job["if"] == "${{ github.actor == 'x' &&\n    true }}"
    assert evaluator.fill(job["steps"][0]["run"], KNOWN) == "cat <<END\n  Mona\nEND\n"


def test_a_file_s_faults_have_their_places(evaluator: Expressions) -> None:
    found = evaluator.parse("w.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    step: []\n")
    assert (found.errors[0].line, found.errors[0].column) == (5, 5)
    assert "Unexpected value 'step'" in found.errors[0].message
    assert evaluator.parse("w.yml", "on: [").errors[0].line
    action = "name: x\ndescription: y\nruns: {using: composite, steps: [{run: echo}]}"
    assert "shell" in evaluator.parse("action.yml", action, "action").errors[0].message


def test_a_matrix_by_github_s_rules() -> None:
    """The example of GitHub's documentation on `include`."""
    found = legs({
        "fruit": ["apple", "pear"], "animal": ["cat", "dog"], "exclude": [{"fruit": "pear", "animal": "dog"}],
        "include": [
            {"color": "green"}, {"color": "pink", "animal": "cat"}, {"fruit": "apple", "shape": "circle"},
            {"fruit": "banana"}, {"fruit": "banana", "animal": "cat"},
        ],
    })  # fmt: skip
    assert found == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "banana"}, {"fruit": "banana", "animal": "cat"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("workflow", "job", "cap", "fork", "held"),
    [
        (None, None, None, False, {"contents": "read", "packages": "read"}),
        ({}, None, None, False, {}),
        ({}, {"issues": "write"}, None, False, {"issues": "write"}),
        ({"issues": "write"}, {}, None, False, {}),
        (None, {"issues": "write", "contents": "none"}, None, False, {"issues": "write"}),
        ({"issues": "write"}, None, {"issues": "read"}, False, {"issues": "read"}),
        (None, None, {"contents": "read"}, False, {"contents": "read"}),
        ({"issues": "write", "id-token": "write"}, None, None, True, {"issues": "read"}),
    ],
)
def test_permissions(workflow: Any, job: Any, cap: Any, fork: bool, held: dict[str, str]) -> None:
    assert effective(workflow, job, cap, fork=fork) == held


def test_a_group_takes_a_hundred_waiting_and_no_more() -> None:
    groups = Groups()
    wish = Wish("Group", queue="max")
    assert not [out for number in range(101) for out in groups.ask("o/r", wish, number)]
    assert groups.ask("o/r", wish, 101) == [101]
    assert (groups.waiting("o/r", "GROUP"), groups.waiting("o/other", "group")) == (100, 0)
    groups.leave(0)
    assert groups.holds(1)

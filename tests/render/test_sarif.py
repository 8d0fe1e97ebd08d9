"""SARIF as the specification and code scanning want it, and the page."""

import json
import re
from typing import Any

from factory.contracts.catch import Catch, Ranked, Rule
from factory.contracts.finding import SEVERITIES, finding
from factory.contracts.hunt import EngineRun, Hunted
from factory.render.huntpage import page
from factory.render.sarif import LEVELS, MOST, sarif
from tests.render.test_html import Page

RULE = Rule(
    id="shell-command", title="A command built of text", why="Whoever gives the text runs it.", category="CWE-78",
    severity="high",
)  # fmt: skip
PLAIN = Rule(id="todo-age", title="An old promise", why="Nobody keeps it.", severity="low")


def row(n: int, rule: str = "shell-command", **more: Any) -> Ranked:
    made = finding(
        "hunt", rule, f"message {n} <b>", path=f"a b/ü{n}.py", evidence=f"os.system(x{n})", start=n, end=n + 1,
        **{"severity": "high", "category": "CWE-78", **more},
    )  # fmt: skip
    return Ranked(finding=made, rank=max(0, 50 - n / 1000))


def log(*rows: Ranked, hunted: Hunted = Hunted()) -> Any:  # noqa: B008  a frozen record
    text = sarif(Catch(commit="c" * 40, rules=(RULE, PLAIN), ranked=rows, hunted=hunted))
    return json.loads(text)["runs"][0]


def test_a_result_says_where_what_and_how_bad() -> None:
    run = log(row(3))
    (found,) = run["results"]
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/%C3%BC3.py", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 3, "endLine": 4, "snippet": {"text": "os.system(x3)"}}
    assert (found["level"], found["ruleId"], found["baselineState"]) == ("error", "shell-command", "new")
    assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
    assert re.fullmatch("[0-9a-f]{12}", found["partialFingerprints"]["factoryFinding/v1"])


def test_rules_carry_help_and_their_weakness() -> None:
    shell, todo = log(row(1))["tool"]["driver"]["rules"]
    assert shell["properties"]["tags"] == ["security", "external/cwe/cwe-078"]
    assert float(shell["properties"]["security-severity"]) >= 7
    assert shell["help"]["text"] == RULE.why
    assert "security-severity" not in todo["properties"]


def test_every_severity_has_a_level() -> None:
    assert set(LEVELS) == set(SEVERITIES)
    assert set(LEVELS.values()) == {"note", "warning", "error"}


def test_no_more_results_than_code_scanning_takes_and_the_worst_of_them() -> None:
    one = row(1)
    run = log(*[one] * MOST)
    assert len(run["results"]) == MOST == 25_000


def test_what_could_not_be_looked_at_is_said() -> None:
    hunted = Hunted(engines=(EngineRun(name="ruff", problem="was stopped"),), failed=("x.py",), problems=("p",))
    (invocation,) = log(hunted=hunted)["invocations"]
    said = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert said == ["ruff gave nothing: was stopped", "p", "x.py could not be looked at"]


def test_control_characters_of_a_file_do_not_reach_the_reader() -> None:
    made = row(1)
    (found,) = log(made.but(finding=made.finding.but(evidence="a\x1b[31mb\x00")))["results"]
    assert "\x1b" not in json.dumps(found)


def test_the_page_shows_each_finding_escaped_and_asks_for_nothing() -> None:
    text = page(Catch(commit="c" * 40, ref="main", rules=(RULE,), ranked=tuple(row(n) for n in range(1, 9))))
    shown = Page(text).text
    assert "8 findings" in shown
    assert all(f"message {n} <b>" in shown for n in range(1, 9))
    assert "Whoever gives the text runs it." in shown
    assert not re.search(r"<(script|img|link|iframe)|https?://|url\(", text)
    assert "Nothing new" in Page(page(Catch(commit="c" * 40))).text

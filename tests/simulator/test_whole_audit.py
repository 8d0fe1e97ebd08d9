"""A weakness planted in what is delivered is an alert on its branch until it is mended; a safe change is none."""

from collections.abc import Iterator

import pytest

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub.code_scanning import Analysis, alerts_of, analyses_of, without_code_security
from factory.simulator.runner.record import JobRecord
from tests.simulator import parts
from tests.simulator.factory_town import Town, town

SHELL = 'subprocess.run(f"ping -c 1 {host}", shell=True, capture_output=True, timeout=9)'
PLAIN = 'subprocess.run(["ping", "-c", "1", "--", host], capture_output=True, timeout=9)'
ROUTE = """

import subprocess

from flask import Flask, request

app = Flask(__name__)


@app.get("/ping")
def ping():
    host = request.args.get("host", "")
    return {call}.stdout.decode()
"""
OLD = parts.FILES["other.py"].rstrip("\n")
UNSAFE, SAFE = (parts.edit(OLD, OLD + ROUTE.format(call=call).rstrip(), "other.py") for call in (SHELL, PLAIN))
MEND = parts.edit(f"    return {SHELL}.stdout.decode()", f"    return {PLAIN}.stdout.decode()", "other.py")
MENDED, LEFT, FINE = "Answer pings", "Answer pings at once", "Answer pings safely"
ON = {"FACTORY_CODE_SCANNING": "on"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, evaluator: Expressions) -> Iterator[Town]:
    script = parts.script(
        parts.always("backend", UNSAFE), parts.always("integration", SAFE, match=FINE),
        parts.always("integration", UNSAFE, match=LEFT), parts.mend("I cannot.", "no", match=LEFT),
        parts.mend(MEND, "The command is a list."), parts.content(),
        planned=parts.plan(parts.unit("u1", "other.py")),
    )  # fmt: skip
    with town(tmp_path_factory.mktemp("audit"), evaluator, parts.FILES, script, variables=ON) as made:
        yield made
        assert made.hub.violations == []


def asked(here: Town, title: str, label: str) -> tuple[str, list[Analysis]]:
    """(the ref that came of it, what code scanning was told of it, oldest first)."""
    number = here.issue(title, "/ping?host=h answers what ping says.")
    here.label(number, label)
    here.settle()
    assert here.pulls(), here.trouble()
    (ref,) = (f"refs/heads/{pull['head']['ref']}" for pull in here.pulls() if pull["title"] == title)
    found = [each for each in analyses_of(here.repo).values() if each.ref == ref]
    assert all(each.problem == "" for each in found)
    return ref, found


def scans(here: Town) -> list[JobRecord]:
    return [job for run in here.runs() for job in run.jobs if job.id.endswith("/scan")]


def test_what_the_swarm_delivers_is_an_alert_until_the_box_has_mended_it(here: Town) -> None:
    ref, (first, last) = asked(here, MENDED, "agent:swarm")
    (alert,) = first.log["runs"][0]["results"]
    assert alert["ruleId"] == "command-injection", here.trouble()
    place = alert["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("other.py", 14)
    assert SHELL not in parts.file_at(here, ref.removeprefix("refs/heads/"), "other.py"), here.trouble()
    assert last.commit == here.branches()[ref] != first.commit
    assert alerts_of(here.repo, ref) == []
    held = {"contents": "read", "security-events": "write"}
    assert [(job.result, job.permissions) for job in scans(here)] == [("success", held)] * 2, here.trouble()


def test_what_nobody_mended_stays_an_alert_on_its_branch_alone(here: Town) -> None:
    ref, (only,) = asked(here, LEFT, "agent:demiurge")
    assert SHELL in parts.file_at(here, ref.removeprefix("refs/heads/"), "other.py"), here.trouble()
    assert [alert["ruleId"] for alert in alerts_of(here.repo, ref)] == ["command-injection"]
    assert only.commit == here.branches()[ref]
    assert alerts_of(here.repo, "refs/heads/main") == []


def test_a_safe_change_is_none(here: Town) -> None:
    ref, (only,) = asked(here, FINE, "agent:demiurge")
    assert PLAIN in parts.file_at(here, ref.removeprefix("refs/heads/"), "other.py"), here.trouble()
    assert only.log["runs"][0]["results"] == []


def test_where_there_is_no_code_scanning_the_run_is_green_and_says_so(here: Town) -> None:
    """Last: the repository has none from here on."""
    without_code_security(here.repo)
    _, found = asked(here, "Once more " + FINE, "agent:demiurge")
    last = scans(here)[-1]
    assert (last.result, found) == ("success", []), here.trouble()
    assert {result for _, result in parts.ran(here.runs())[-1:]} == {"success"}
    (note,) = (note for note in last.notes if "Code Security must be enabled" in note.message)
    assert note.level == "notice"


def test_without_the_owner_s_word_nothing_is_told(here: Town) -> None:
    here.variables["FACTORY_CODE_SCANNING"] = "off"  # counts from the next run on
    before, ended = len(scans(here)), len(parts.ran(here.runs()))
    asked(here, "Yet again " + FINE, "agent:demiurge")
    assert parts.ran(here.runs())[ended:] == [("factory-local.yml", "success")], here.trouble()
    assert [job.result for job in scans(here)[before:] if job.result != "skipped"] == []

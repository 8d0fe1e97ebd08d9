"""Requests and answers of the double against GitHub's own OpenAPI description."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from factory.simulator.hub import openapi
from factory.simulator.hub.routes import Answer, Call, NoFaults, collect
from factory.simulator.hub.schemas import Checker
from factory.simulator.hub.table import MODULES
from tests.simulator.asking import world
from tests.simulator.walk import walk

OUTSIDE = ("/graphql", "/_downloads/{key}")
UNDESCRIBED = ("/repos/{owner}/{repo}/contents",)  # GitHub answers it, its description does not have it


class Watch(NoFaults):
    """Holds each answer to the description, and notes which routes answered well."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.answered: set[tuple[str, str]] = set()

    def after(self, call: Call, answer: Answer) -> Answer:
        self.problems += openapi.check_response(call.method, call.path, answer)
        if call.route and answer.status < 400:
            self.answered.add((call.route.method, call.route.template))
        return answer


def test_the_description_is_small_current_and_loads_quickly() -> None:
    assert openapi.DATA.stat().st_size < 500_000
    document = json.loads(openapi.DATA.read_text())
    assert re.fullmatch(r"npm @octokit/openapi \d+\.\d+\.\d+, .*", document["info"]["source"])
    started = time.process_time()
    openapi.Description(document)
    assert time.process_time() - started < 1.0


def test_no_prose_ships() -> None:
    text = openapi.DATA.read_text()
    for word in ('"summary":"', '"description":"', '"examples"', "externalDocs"):
        assert word not in text


def test_every_route_is_an_operation_of_github() -> None:
    description = openapi.description()
    for one in collect(MODULES):
        if one.template not in OUTSIDE + UNDESCRIBED:
            path = re.sub(r"\{[^}]*\}", "1", one.template)
            assert description.find(one.method, path), f"{one.method} {one.template}"


def test_the_more_special_path_wins() -> None:
    found = openapi.description().find
    templates = {
        "/repos/o/r/issues/comments": "/repos/{owner}/{repo}/issues/comments",
        "/repos/o/r/issues/7": "/repos/{owner}/{repo}/issues/{issue_number}",
        "/repos/o/r/commits/a/b/check-runs": "/repos/{owner}/{repo}/commits/{ref}/check-runs",
        "/repos/o/r/commits/feature/x": "/repos/{owner}/{repo}/commits/{ref}",
        "/repos/o/r/contents/a/b/c.py": "/repos/{owner}/{repo}/contents/{path}",
        "/repos/o/r/actions/secrets/public-key": "/repos/{owner}/{repo}/actions/secrets/public-key",
    }
    for path, template in templates.items():
        operation = found("GET", path)
        assert operation is not None
        assert operation.template == template
    assert found("GET", "/repos/o/r/nothing") is None
    assert found("HEAD", "/repos/o/r") == found("GET", "/repos/o/r")


WRONG: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/issues", {"title": ["no"]}, 422, "/title"),
    ("POST", "/issues", {"body": "no title"}, 422, "/title: was not supplied"),
    ("POST", "/issues", None, 422, "the body: was not supplied"),
    ("POST", "/issues", {"title": "x", "colour": "red"}, 201, "/colour: is no field"),
    ("POST", "/issues/1/reactions", {"content": "shrug"}, 422, "is not one of"),
    ("GET", "/issues?state=ajar", None, 422, "?state"),
    ("GET", "/issues?per_page=many", None, 422, "?per_page"),
    ("GET", "/issues?label=x", None, 200, "?label: is no parameter"),
    ("GET", "/issues/one", None, 422, "issue_number"),
    ("POST", "/dispatches", {"event_type": "x" * 101}, 422, "maxLength"),
    (
        "POST",
        "/dispatches",
        {"event_type": "x", "client_payload": dict.fromkeys("abcdefghijk")},
        422,
        "maxProperties",
    ),
    ("POST", "/pulls", {"title": "t", "head": "feature"}, 422, "/base: was not supplied"),
    ("GET", "/nothing", None, 404, "no operation"),
    ("GET", "/milestones", None, 404, "this double does not"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), WRONG)
def test_a_request_of_the_wrong_form_is_noted_and_refused_where_github_refuses(
    tmp_path: Path, method: str, path: str, body: Any, status: int, words: str
) -> None:
    with world(tmp_path) as made:
        made.ask(made.owner, "POST", "/issues", {"title": "one"})
        assert made.hub.violations == []
        asked = made.ask(made.owner, method, path, body)
        assert asked.status == status
        assert len(made.hub.violations) == 1
        assert words in made.hub.violations[0]
        if status == 422:
            assert asked.body["message"].startswith("Invalid request.")


def test_a_body_that_is_no_json_is_400(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        asked = made.ask(made.owner, "POST", "/issues", raw=b"{")
        assert (asked.status, asked.body["message"]) == (400, "Problems parsing JSON")


def test_every_answer_of_every_route_has_githubs_form(tmp_path: Path) -> None:
    watch = Watch()
    with world(tmp_path, watch) as made:
        walk(made)
    assert watch.problems == []
    assert made.hub.violations == []
    every = {(one.method, one.template) for one in collect(MODULES) if one.template not in OUTSIDE + UNDESCRIBED}
    assert every - watch.answered == set(), "routes that no request of this test reached"


def test_the_checker_knows_the_schemas_words() -> None:
    check = Checker({"n": {"type": "integer", "minimum": 1}}, strict=True)
    ref = {"$ref": "#/components/schemas/n"}
    assert check.problems({"type": "object", "properties": {"a": ref}}, {"a": 0}) == [
        "/a: 0 is less than the minimum 1"
    ]
    assert check.problems({"type": "integer"}, True) == ["/: true is not an integer"]
    assert check.problems({"type": "string", "nullable": True}, None) == []
    assert check.problems({"type": "string"}, None) == ["/: null is not string"]
    assert check.problems({"oneOf": [{"type": "string"}, {"type": "array"}]}, 1)
    assert check.problems({"type": "string", "format": "date-time"}, "yesterday")
    assert check.problems({"type": "object", "additionalProperties": {"type": "string"}}, {"b": 1})

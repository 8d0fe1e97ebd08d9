"""What a token must hold for each operation of the double, and how it is refused."""

import re
from pathlib import Path
from typing import Any

import pytest

from factory.simulator.hub import openapi, permissions
from factory.simulator.hub.nouns import Level, TokenKind
from factory.simulator.hub.routes import Call, Refused, collect
from factory.simulator.hub.state import Hub
from factory.simulator.hub.table import MODULES
from tests.simulator.asking import world

ALL = (
    "actions", "actions_variables", "administration", "checks", "contents", "deployments", "issues", "pull_requests",
    "secrets", "security_events", "statuses", "workflows",
)  # fmt: skip
SERVED = [one for one in collect(MODULES) if one.template.startswith("/repos/")]
DESCRIBED = [one for one in SERVED if one.template != "/repos/{owner}/{repo}/contents"]


def operation_of(method: str, template: str) -> openapi.Operation:
    found = openapi.description().find(method, re.sub(r"\{[^}]*\}", "1", template))
    assert found is not None
    return found


FOUND = [operation_of(one.method, one.template) for one in DESCRIBED]
RULES = sorted({(one.method, one.template) for one in FOUND})
TABLE = [rule for rule in RULES if permissions.needs(*rule)]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    hub = Hub(tmp_path)
    hub.repository("octo/shop")
    return hub


def asked(
    hub: Hub, method: str, template: str, held: dict[str, Level], kind: TokenKind = "actions", body: Any = None
) -> Refused | None:
    """The permission check alone, on a path of this template."""
    path = re.sub(r"\{[^}]*\}", "1", template.replace("{owner}/{repo}", "octo/shop"))
    token = hub.tokens[hub.token("octo", "octo/shop", held, kind=kind)]
    call = Call(method, path, {}, {}, b"", body or {}, token=token, found=hub.repo("octo/shop"))
    return permissions.refusal(hub, call)


def test_the_table_has_exactly_the_operations_of_the_description() -> None:
    described = {(one.method, one.template) for one in openapi.description().operations}
    assert set(permissions.table()) == described


def test_every_rule_of_the_table_can_be_read() -> None:
    for (method, template), rule in permissions.table().items():
        if rule in permissions.WORDS:
            continue
        for name, level in permissions.needs(method, template):
            assert name in (*ALL, "metadata"), rule
            assert level in ("read", "write"), rule
            assert level == "read" or method != "GET", f"{method} {template} is a read"


@pytest.mark.parametrize(("method", "template"), TABLE, ids=[" ".join(rule) for rule in TABLE])
def test_one_of_the_named_permissions_is_enough_and_all_others_together_are_not(
    hub: Hub, method: str, template: str
) -> None:
    needs = permissions.needs(method, template)
    for name, level in needs:
        assert asked(hub, method, template, {name: level}) is None  # type: ignore[dict-item]  # read or write
    others: dict[str, Level] = {name: "write" for name in ALL if name not in dict(needs)}
    refused = asked(hub, method, template, others)
    if "metadata" in dict(needs):
        assert refused is None  # every token may read metadata
        return
    assert refused is not None
    assert (refused.status, str(refused)) == (403, "Resource not accessible by integration")
    named = refused.headers["X-Accepted-GitHub-Permissions"]
    assert named == "; ".join(f"{name}={level}" for name, level in needs)


@pytest.mark.parametrize(("method", "template"), [rule for rule in TABLE if permissions.needs(*rule)[0][1] == "write"])
def test_no_write_succeeds_with_every_read(hub: Hub, method: str, template: str) -> None:
    """Think and prove jobs hold read permissions at most."""
    refused = asked(hub, method, template, dict.fromkeys(ALL, "read"))
    assert refused is not None
    assert refused.status == 403


@pytest.mark.parametrize("kind", ["actions", "app", "pat"])
def test_the_words_name_the_kind_of_token(hub: Hub, kind: TokenKind) -> None:
    refused = asked(hub, "POST", "/repos/{owner}/{repo}/issues", {"contents": "write"}, kind)
    wanted = "Resource not accessible by " + ("personal access token" if kind == "pat" else "integration")
    assert str(refused) == wanted


def test_a_persons_token_is_also_held_to_the_persons_role(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.hub.user("guest", "read")
        guest = made.hub.token("guest")
        assert made.ask(guest, "POST", "/issues", {"title": "may"}).status == 201
        assert made.ask(guest, "POST", "/dispatches", {"event_type": "x"}).status == 403
        assert made.ask(guest, "GET", "/actions/permissions").status == 403


def test_repository_dispatch_needs_contents_write(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        body = {"event_type": "factory-refine"}
        everything: dict[str, Level] = {name: "write" for name in ALL if name != "contents"}
        without = made.hub.token("", "octo/shop", everything, kind="actions")
        assert made.ask(without, "POST", "/dispatches", body).status == 403
        assert made.ask(made.token(contents="read"), "POST", "/dispatches", body).status == 403
        assert made.hub.events == []
        assert made.ask(made.token(contents="write"), "POST", "/dispatches", body).status == 204
        assert [event.name for event in made.hub.events] == ["repository_dispatch"]


def test_actions_opens_pull_requests_only_where_the_repository_lets_it(tmp_path: Path) -> None:
    body = {"title": "t", "head": "feature", "base": "main"}
    with world(tmp_path) as made:
        made.repo.actions_may_open_pulls = False
        refused = made.ask(made.token(pull_requests="write", contents="write"), "POST", "/pulls", body)
        assert refused.status == 403
        assert "not permitted to create or approve pull requests" in refused.body["message"]
        assert made.ask(made.token("app", pull_requests="write"), "POST", "/pulls", body).status == 201
        made.repo.actions_may_open_pulls = True
        review = {"event": "APPROVE"}
        made.repo.actions_may_open_pulls = False
        assert made.ask(made.token(pull_requests="write"), "POST", "/pulls/1/reviews", review).status == 422


def test_shared_endpoints_look_at_what_the_number_is(tmp_path: Path) -> None:
    """On a plain issue only `issues` counts; on a pull request either does."""
    with world(tmp_path) as made:
        made.ask(made.owner, "POST", "/issues", {"title": "plain"})
        made.ask(made.owner, "POST", "/pulls", {"title": "p", "head": "feature", "base": "main"})
        pulls, issues = made.token(pull_requests="write"), made.token(issues="write")
        words = {"body": "hello"}
        assert made.ask(pulls, "POST", "/issues/1/comments", words).status == 403
        assert made.ask(pulls, "POST", "/issues/2/comments", words).status == 201
        comment = made.ask(issues, "POST", "/issues/1/comments", words).body["id"]
        assert made.ask(pulls, "PATCH", f"/issues/comments/{comment}", words).status == 403
        assert made.ask(issues, "POST", "/issues/2/labels", {"labels": ["x"]}).status == 200


def test_workflow_files_need_the_permission_that_actions_never_has(hub: Hub) -> None:
    template, held = "/repos/{owner}/{repo}/contents/.github/workflows/x.yml", {"contents": "write"}
    refused = asked(hub, "PUT", template, held)  # type: ignore[arg-type]  # a literal's type is wider
    assert refused is not None
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "workflows=write"
    assert asked(hub, "PUT", template.replace("/x", "%2Fx"), {"contents": "write"}) is not None
    assert asked(hub, "PUT", template, {"contents": "write", "workflows": "write"}) is None
    assert asked(hub, "PUT", "/repos/{owner}/{repo}/contents/src/x.py", {"contents": "write"}) is None
    tree = {"tree": [{"path": ".github/workflows/x.yml", "mode": "100644", "type": "blob", "content": ""}]}
    assert asked(hub, "POST", "/repos/{owner}/{repo}/git/trees", {"contents": "write"}, body=tree) is not None


def test_a_public_repository_is_read_by_everybody_but_not_its_settings(tmp_path: Path) -> None:
    with world(tmp_path, private=False) as made:
        empty = made.token()
        assert made.ask(empty, "GET", "/issues").status == 200
        assert made.ask("", "GET", "/branches").status == 200
        assert made.ask(empty, "GET", "/actions/runs").status == 403  # stricter than GitHub, on purpose
        for path in ("/actions/secrets", "/actions/variables", "/actions/permissions", "/actions/runners"):
            assert made.ask(empty, "GET", path).status == 403, path
            assert made.ask("", "GET", path).status == 401, path
        assert made.ask(empty, "POST", "/issues", {"title": "x"}).status == 403


def test_a_private_repository_is_not_there_for_strangers(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.hub.repository("other/code")
        foreign = made.hub.token("other", "other/code", {"issues": "write"}, kind="actions")
        assert made.ask(foreign, "GET", "/issues").status == 404
        assert made.ask("", "GET", "/issues").status == 401
        assert made.ask("ghs_wrong", "GET", "/issues").status == 401


def test_words_instead_of_permissions(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        job = made.token(issues="write")
        assert made.ask(job, "GET", f"{made.url}/user").status == 403
        assert made.ask(job, "GET", f"{made.url}/app").status == 401
        assert made.ask(job, "GET", f"{made.url}/installation/repositories").status == 200
        assert made.ask(made.owner, "GET", f"{made.url}/installation/repositories").status == 403
        assert made.ask("", "GET", f"{made.url}/users/octo").status == 200

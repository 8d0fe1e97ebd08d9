"""A walk over every route of the double, each answered well: what tests of shapes and of permissions go by."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

from factory.simulator.hub import apps
from factory.simulator.hub.runs import Runner, settings
from tests.simulator.asking import World, finished_run


def walk(made: World) -> None:
    for part in (_people, _issues, _pulls, _code, _checks, _scanning, _actions, _settings, _apps):
        part(made)


def _asker(made: World, token: str) -> Callable[..., Any]:
    def asked(method: str, path: str, body: Any = None) -> Any:
        answer = made.ask(token, method, path, body)
        assert answer.status < 400, f"{method} {path}: {answer.status} {answer.body}"
        return answer.body

    return asked


def _people(made: World) -> None:
    ask = _asker(made, made.owner)
    made.hub.user("ada", "write")
    collaborators = ("/collaborators", "/collaborators/ada", "/collaborators/ada/permission", "/assignees")
    for path in (f"{made.url}/user", f"{made.url}/users/ada", "", *collaborators):
        ask("GET", path)
    assert ask("GET", f"{made.url}/rate_limit")["rate"]["limit"] == 5000


def _issues(made: World) -> None:
    ask = _asker(made, made.owner)
    ask("POST", "/labels", {"name": "bug", "color": "ff0000", "description": "broken"})
    issue = ask("POST", "/issues", {"title": "one", "body": "text", "labels": ["bug"]})["number"]
    for path in ("/labels", "/labels/bug", "/issues", f"/issues/{issue}", f"/issues/{issue}/labels"):
        ask("GET", path)
    ask("PATCH", "/labels/bug", {"color": "00ff00"})
    ask("PATCH", f"/issues/{issue}", {"state": "closed", "state_reason": "not_planned"})
    ask("POST", f"/issues/{issue}/labels", {"labels": ["new"]})
    ask("PUT", f"/issues/{issue}/labels", {"labels": ["bug", "new"]})
    ask("DELETE", f"/issues/{issue}/labels/new")
    ask("DELETE", f"/issues/{issue}/labels")
    ask("POST", f"/issues/{issue}/assignees", {"assignees": ["octo"]})
    ask("DELETE", f"/issues/{issue}/assignees", {"assignees": ["octo"]})
    comment = ask("POST", f"/issues/{issue}/comments", {"body": "hello"})["id"]
    for place in (f"/issues/{issue}", f"/issues/comments/{comment}"):
        reaction = ask("POST", f"{place}/reactions", {"content": "eyes"})["id"]
        ask("GET", f"{place}/reactions")
        ask("DELETE", f"{place}/reactions/{reaction}")
    for path in (f"/issues/{issue}/comments", "/issues/comments", f"/issues/comments/{comment}"):
        ask("GET", path)
    ask("PATCH", f"/issues/comments/{comment}", {"body": "edited"})
    ask("DELETE", f"/issues/comments/{comment}")
    ask("DELETE", "/labels/bug")


def _pulls(made: World) -> None:
    ask = _asker(made, made.owner)
    pull = ask("POST", "/pulls", {"title": "two", "head": "feature", "base": "main", "draft": True})["number"]
    note = {"path": "README.md", "line": 2, "side": "RIGHT", "body": "why"}
    other = _asker(made, made.hub.token("ada"))
    review = other("POST", f"/pulls/{pull}/reviews", {"event": "COMMENT", "body": "so", "comments": [note]})["id"]
    added = other("POST", f"/pulls/{pull}/comments", {**note, "commit_id": made.head})["id"]
    other("POST", f"/pulls/{pull}/comments/{added}/replies", {"body": "because"})
    reaction = other("POST", f"/pulls/comments/{added}/reactions", {"content": "heart"})["id"]
    for path in ("/pulls", f"/pulls/{pull}", f"/pulls/{pull}/commits", f"/pulls/{pull}/files", f"/pulls/{pull}/reviews",
                 f"/pulls/{pull}/reviews/{review}", f"/pulls/{pull}/reviews/{review}/comments",
                 f"/pulls/{pull}/comments", "/pulls/comments", f"/pulls/comments/{added}",
                 f"/pulls/comments/{added}/reactions"):  # fmt: skip
        ask("GET", path)
    other("DELETE", f"/pulls/comments/{added}/reactions/{reaction}")
    other("PATCH", f"/pulls/comments/{added}", {"body": "how"})
    other("DELETE", f"/pulls/comments/{added}")
    ask("POST", f"/pulls/{pull}/requested_reviewers", {"reviewers": ["ada"]})
    no = other("POST", f"/pulls/{pull}/reviews", {"event": "REQUEST_CHANGES", "body": "no"})["id"]
    ask("PUT", f"/pulls/{pull}/reviews/{no}/dismissals", {"message": "old"})
    ask("PATCH", f"/pulls/{pull}", {"title": "three"})
    made.repo.issues[pull].pull.draft = False  # type: ignore[union-attr]  # it is one
    ask("PUT", f"/pulls/{pull}/merge", {"merge_method": "merge"})
    ask("GET", f"/pulls/{pull}/merge")


def _code(made: World) -> None:
    ask = _asker(made, made.owner)
    ask("POST", "/git/refs", {"ref": "refs/heads/a/b", "sha": made.base})
    ask("PATCH", "/git/refs/heads/a/b", {"sha": made.head, "force": False})
    for path in ("/branches", "/branches/a/b", "/commits", "/commits/main", f"/compare/{made.base}...{made.head}",
                 "/contents/README.md", "/contents/.github", f"/git/commits/{made.base}", "/git/ref/heads/a/b",
                 "/git/matching-refs/heads/a"):  # fmt: skip
        ask("GET", path)
    ask("DELETE", "/git/refs/heads/a/b")


def _checks(made: World) -> None:
    ask = _asker(made, made.token(checks="write", statuses="write"))
    output = {"title": "t", "summary": "s", "annotations": [_note(1)]}
    body = {"name": "factory", "head_sha": made.head, "external_id": "k", "output": output}
    check = ask("POST", "/check-runs", body)["id"]
    ask("PATCH", f"/check-runs/{check}", {"conclusion": "neutral", "output": output})
    ask("POST", f"/statuses/{made.head}", {"state": "success", "context": "ci", "description": None})
    for path in (f"/check-runs/{check}", f"/check-runs/{check}/annotations", f"/commits/{made.head}/check-runs",
                 f"/commits/{made.head}/statuses", "/commits/feature/status"):  # fmt: skip
        ask("GET", path)


def _note(line: int) -> dict[str, Any]:
    return {"path": "README.md", "start_line": line, "end_line": line, "annotation_level": "notice", "message": "m"}


def _scanning(made: World) -> None:
    ask = _asker(made, made.owner)
    run = {"tool": {"driver": {"name": "hunt"}}, "results": []}
    log = base64.b64encode(gzip.compress(json.dumps({"version": "2.1.0", "runs": [run]}).encode())).decode()
    body = {"commit_sha": made.head, "ref": "refs/heads/main", "sarif": log}
    number = ask("POST", "/code-scanning/sarifs", body)["id"]
    assert ask("GET", f"/code-scanning/sarifs/{number}")["processing_status"] == "complete"


def _actions(made: World) -> None:
    ask = _asker(made, made.owner)
    run = finished_run(made)
    job, artifact = next(iter(made.hub.jobs)), next(iter(made.hub.artifacts))
    for path in ("/actions/runs", f"/actions/runs/{run.id}", f"/actions/runs/{run.id}/jobs", f"/actions/jobs/{job}",
                 f"/actions/runs/{run.id}/attempts/1", f"/actions/runs/{run.id}/attempts/1/jobs",
                 f"/actions/jobs/{job}/logs", "/actions/artifacts", f"/actions/runs/{run.id}/artifacts",
                 f"/actions/artifacts/{artifact}", f"/actions/artifacts/{artifact}/zip", "/actions/workflows",
                 "/actions/workflows/swarm.yml", "/actions/workflows/swarm.yml/runs"):  # fmt: skip
        ask("GET", path)
    for path in (f"runs/{run.id}/rerun", f"runs/{run.id}/rerun-failed-jobs", f"jobs/{job}/rerun"):
        run.status, run.conclusion = "completed", "failure"
        ask("POST", f"/actions/{path}")
    ask("POST", f"/actions/runs/{run.id}/cancel")
    ask("POST", f"/actions/runs/{run.id}/force-cancel")
    run.status, run.conclusion = "completed", "action_required"
    ask("POST", f"/actions/runs/{run.id}/approve")
    run.status = "completed"
    ask("DELETE", f"/actions/artifacts/{artifact}")
    ask("DELETE", f"/actions/runs/{run.id}")
    ask("PUT", "/actions/workflows/swarm.yml/disable")
    ask("PUT", "/actions/workflows/swarm.yml/enable")
    ask("POST", "/actions/workflows/swarm.yml/dispatches", {"ref": "main", "inputs": {"task": "x"}})
    ask("POST", "/dispatches", {"event_type": "factory-refine", "client_payload": {"run": "1"}})


def _settings(made: World) -> None:
    ask = _asker(made, made.owner)
    ask("POST", "/actions/variables", {"name": "A", "value": "1"})
    ask("PATCH", "/actions/variables/A", {"value": "2"})
    key = ask("GET", "/actions/secrets/public-key")["key_id"]
    ask("PUT", "/actions/secrets/S", {"encrypted_value": "c2VhbGVk", "key_id": key})
    runs_on = finished_run(made)
    settings(made.repo).runners.append(Runner(runs_on.id, "box", ("self-hosted", "Linux", "gpu")))
    for path in ("variables", "variables/A", "secrets", "secrets/S", "permissions", "permissions/workflow", "runners",
                 f"runners/{runs_on.id}"):  # fmt: skip
        ask("GET", f"/actions/{path}")
    ask("PUT", "/actions/permissions", {"enabled": True, "allowed_actions": "selected"})
    ask("PUT", "/actions/permissions/workflow", {"default_workflow_permissions": "read"})
    ask("DELETE", "/actions/variables/A")
    ask("DELETE", "/actions/secrets/S")


def _apps(made: World) -> None:
    app = apps.register(made.hub, "factory", {"issues": "write"}, made.repo)
    now = int(made.clock.time)
    words = [{"alg": "RS256", "typ": "JWT"}, {"iss": str(app.id), "iat": now - 30, "exp": now + 300}]
    parts = [base64.urlsafe_b64encode(json.dumps(word).encode()).decode().rstrip("=") for word in words]
    ask = _asker(made, ".".join([*parts, "c2lnbmVk"]))
    number = next(iter(app.installations))
    for path in ("/app", "/app/installations", f"/app/installations/{number}"):
        ask("GET", f"{made.url}{path}")
    assert ask("GET", "/installation")["id"] == number
    token = ask("POST", f"{made.url}/app/installations/{number}/access_tokens", {"permissions": {"issues": "read"}})[
        "token"
    ]
    _asker(made, token)("GET", f"{made.url}/installation/repositories")

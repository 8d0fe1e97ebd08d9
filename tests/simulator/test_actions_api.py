"""Runs, artifacts, dispatches, checks and settings of the double over HTTP."""

from pathlib import Path
from typing import Any

import pytest

from factory.simulator.hub import bare, runs
from factory.simulator.hub.actions import within
from factory.simulator.hub.routes import Refused
from tests.simulator.asking import World, finished_run, world


def test_runs_are_listed_newest_first_and_filtered(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        token = made.token(actions="read")
        first = finished_run(made, "issues")
        made.clock.time += 7200
        second = runs.start_run(made.hub, made.repo, ".github/workflows/other.yml", event="schedule", branch="feature")

        def ids(query: str, base: str = "/actions/runs") -> list[int]:
            answer = made.ask(token, "GET", f"{base}?{query}")
            assert answer.status == 200
            assert answer.body["total_count"] == len(answer.body["workflow_runs"])
            return [run["id"] for run in answer.body["workflow_runs"]]

        assert ids("") == [second.id, first.id]
        assert ids("event=schedule") == ids("branch=feature") == ids("status=queued") == [second.id]
        assert ids("status=failure") == ids("status=completed") == ids(f"head_sha={made.base}") == [first.id]
        assert ids(f"created=>={second.created}") == [second.id]
        assert ids("", "/actions/workflows/swarm.yml/runs") == [first.id]
        assert ids("", "/actions/workflows/none.yml/runs") == []
        assert made.ask(token, "GET", "/actions/runs?status=parked").status == 422
        assert made.ask(token, "GET", "/actions/runs/99").status == 404


@pytest.mark.parametrize(
    ("span", "inside"),
    [
        ("", True), ("2026-05-07", True), ("2026-05-08", False), (">=2026-05-07", True), (">2026-05-07", False),
        ("<2026-05-07T12:00:00Z", False), ("<=2026-05-07T12:00:00Z", True), ("2026-05-01..2026-05-07", True),
        ("2026-05-08..*", False), ("*..2026-05-06", False),
    ],
)  # fmt: skip
def test_dates_are_searched_as_github_does(span: str, inside: bool) -> None:
    assert within("2026-05-07T12:00:00Z", span) is inside


def test_a_run_of_another_repository_is_not_there(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        other = made.hub.repository("octo/other")
        run = runs.start_run(made.hub, other, ".github/workflows/x.yml", event="push")
        artifact = runs.add_artifact(made.hub, run, "a", b"zip")
        token = made.token(actions="read")
        for path in (f"/actions/runs/{run.id}", f"/actions/artifacts/{artifact.id}", f"/actions/runs/{run.id}/jobs"):
            assert made.ask(token, "GET", path).status == 404
        assert made.ask(token, "GET", "/actions/artifacts").body["total_count"] == 0


def test_an_artifact_is_downloaded_from_another_host_without_the_token(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        run = finished_run(made)
        token = made.token(actions="read")
        shown = made.ask(token, "GET", f"/actions/runs/{run.id}/artifacts?name=bundle").body["artifacts"][0]
        redirect = made.ask(token, "GET", f"/actions/artifacts/{shown['id']}/zip")
        address = redirect.headers["Location"]
        assert redirect.status == 302
        assert not address.startswith(made.hub.server_url)
        got = made.ask("", "GET", address)
        assert (got.status, len(got.raw)) == (200, shown["size_in_bytes"])
        assert made.ask(token, "GET", address).status in (400, 401)
        made.clock.time += 61
        assert made.ask("", "GET", address).status == 403
        made.hub.artifacts[shown["id"]].expired = True
        assert made.ask(token, "GET", f"/actions/artifacts/{shown['id']}/zip").status == 410


def test_artifacts_never_change(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        run = finished_run(made)
        with pytest.raises(Refused) as refused:
            runs.add_artifact(made.hub, run, "bundle", b"other")
        assert refused.value.status == 409
        for number in range(runs.MOST_ARTIFACTS - 1):
            runs.add_artifact(made.hub, run, f"a{number}", b"")
        with pytest.raises(Refused):
            runs.add_artifact(made.hub, run, "one too many", b"")


def test_cancel_rerun_and_approve_leave_word_for_the_runner(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        token = made.token(actions="write")
        run = runs.start_run(made.hub, made.repo, ".github/workflows/swarm.yml", event="issues")
        path = f"/actions/runs/{run.id}"
        assert made.ask(token, "POST", f"{path}/rerun").status == 403  # it runs
        assert made.ask(token, "POST", f"{path}/approve").status == 403  # it does not wait
        assert made.ask(token, "POST", f"{path}/cancel").status == 202
        assert run.cancel
        run.status, run.conclusion = "completed", "cancelled"
        assert made.ask(token, "POST", f"{path}/cancel").status == 409
        assert made.ask(token, "POST", f"{path}/rerun-failed-jobs").status == 201
        assert (run.attempt, run.status, run.rerun, run.cancel) == (2, "queued", "failed", False)
        parked = runs.start_run(made.hub, made.repo, "x.yml", event="pull_request", parked=True)
        assert made.ask(token, "GET", "/actions/runs?status=action_required").body["total_count"] == 1
        assert made.ask(token, "POST", f"/actions/runs/{parked.id}/approve").status == 201
        assert (parked.approved, parked.status, parked.conclusion) == (True, "queued", "")


def test_jobs_of_an_attempt(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        run = finished_run(made)
        run.attempt = 2
        again = runs.add_job(made.hub, run, "gate")
        token = made.token(actions="read")
        path = f"/actions/runs/{run.id}"
        assert [job["id"] for job in made.ask(token, "GET", f"{path}/jobs").body["jobs"]] == [again.id]
        assert made.ask(token, "GET", f"{path}/jobs?filter=all").body["total_count"] == 2
        first = made.ask(token, "GET", f"{path}/attempts/1/jobs").body["jobs"][0]
        assert (first["conclusion"], first["labels"]) == ("failure", ["self-hosted", "gpu"])
        assert made.ask(token, "GET", f"{path}/attempts/3").status == 404


def dispatched(made: World, body: Any) -> tuple[int, int]:
    """(status, events that came of it)"""
    before = len(made.hub.events)
    status = made.ask(made.token(contents="write"), "POST", "/dispatches", body).status
    return status, len(made.hub.events) - before


def test_repository_dispatch_has_githubs_limits(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        assert dispatched(made, {"event_type": "x" * 100, "client_payload": dict.fromkeys("abcdefghij", 1)}) == (204, 1)
        event = made.hub.events[-1]
        assert (event.action, event.ref, event.sha, event.starts) == ("x" * 100, "refs/heads/main", made.base, "yes")
        assert event.payload["client_payload"]["a"] == 1
        assert dispatched(made, {"event_type": "x" * 101}) == (422, 0)
        assert dispatched(made, {"event_type": ""}) == (422, 0)
        assert dispatched(made, {"event_type": "x", "client_payload": dict.fromkeys("abcdefghijk", 1)}) == (422, 0)
        assert dispatched(made, {"event_type": "x", "client_payload": {"a": "y" * 65_000}}) == (204, 1)
        assert dispatched(made, {"event_type": "x", "client_payload": {"a": "y" * 66_000}}) == (422, 0)
        assert dispatched(made, {"event_type": "x", "client_payload": []}) == (422, 0)


def started(made: World, body: Any, file: str = "swarm.yml") -> int:
    path = f"/actions/workflows/{file}/dispatches"
    return made.ask(made.token(actions="write"), "POST", path, body).status


def test_workflow_dispatch_has_githubs_limits(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        assert started(made, {"ref": "feature", "inputs": {"task": "x", "dry": True}}) == 204
        event = made.hub.events[-1]
        assert (event.name, event.ref, event.sha, event.starts) == (
            "workflow_dispatch", "refs/heads/feature", made.head, "yes",
        )  # fmt: skip
        assert event.payload["inputs"] == {"task": "x", "dry": "true"}
        assert event.payload["workflow"] == ".github/workflows/swarm.yml"
        assert started(made, {"ref": "main", "inputs": {"unknown": "x"}}) == 422
        assert started(made, {"ref": "nowhere"}) == 422
        assert started(made, {"ref": "main"}, "none.yml") == 404
        assert started(made, {"ref": "main", "inputs": {f"i{n}": "" for n in range(25)}}) == 204
        assert started(made, {"ref": "main", "inputs": {f"i{n}": "" for n in range(26)}}) == 422
        assert started(made, {"ref": "main", "inputs": {"a": "y" * 65_534}}) == 204
        assert started(made, {"ref": "main", "inputs": {"a": "y" * 65_535}}) == 422
        assert len(made.hub.events) == 3


def test_a_workflow_that_only_a_branch_has_cannot_be_started(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        files = {".github/workflows/new.yml": b"on: workflow_dispatch\n", ".github/workflows/push.yml": b"on: push\n"}
        new = bare.write_commit(made.repo.folder, (made.head,), files, "new", made.hub.now())
        bare.set_ref(made.repo.folder, "refs/heads/feature", new)
        assert started(made, {"ref": "feature"}, "new.yml") == 404
        bare.set_ref(made.repo.folder, "refs/heads/main", new)
        assert started(made, {"ref": "feature"}, "new.yml") == 204
        assert started(made, {"ref": "feature"}, "push.yml") == 422  # no such trigger
        assert made.ask(made.token(actions="write"), "PUT", "/actions/workflows/new.yml/disable").status == 204
        assert started(made, {"ref": "feature"}, "new.yml") == 422


def check(made: World, **more: Any) -> Any:
    body = {"name": "factory", "head_sha": made.head, **more}
    return made.ask(made.token(checks="write"), "POST", "/check-runs", body)


def notes(count: int) -> list[dict[str, Any]]:
    one = {"path": "README.md", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}
    return [one] * count


def test_check_runs_take_fifty_annotations_a_request_and_add_them_up(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        output = {"title": "t", "summary": "s", "annotations": notes(51)}
        assert check(made, output=output).status == 422
        output["annotations"] = notes(50)
        made_run = check(made, output=output, external_id="run-1").body
        token = made.token(checks="write")
        assert (made_run["status"], made_run["external_id"]) == ("queued", "run-1")
        change = {"conclusion": "neutral", "output": output}
        done = made.ask(token, "PATCH", f"/check-runs/{made_run['id']}", change).body
        assert (done["status"], done["output"]["annotations_count"]) == ("completed", 100)
        listed = made.ask(token, "GET", f"/check-runs/{made_run['id']}/annotations?per_page=100").body
        assert len(listed) == 100
        assert [(event.name, event.action) for event in made.hub.events] == [
            ("check_run", "created"), ("check_run", "completed"), ("check_suite", "completed"),
        ]  # fmt: skip


def test_check_runs_are_found_by_commit_and_name(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        first, second = check(made, external_id="a").body["id"], check(made, external_id="b").body["id"]
        token = made.token(checks="read")

        def found(query: str) -> list[int]:
            body = made.ask(token, "GET", f"/commits/feature/check-runs?{query}").body
            return [one["id"] for one in body["check_runs"]]

        assert found("") == [second]  # the latest of a name
        assert found("filter=all") == [second, first]
        assert found("filter=all&check_name=other") == []
        assert made.ask(token, "GET", f"/commits/{made.base}/check-runs").body["total_count"] == 0
        assert check(made, head_sha="0" * 40).status == 422
        assert check(made, status="completed").status == 422  # without a conclusion


def test_only_the_app_that_made_a_check_run_changes_it(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        number = check(made).body["id"]
        other = made.hub.token("other[bot]", "octo/shop", {"checks": "write"}, kind="app")
        assert made.ask(other, "PATCH", f"/check-runs/{number}", {"status": "in_progress"}).status == 403
        assert made.ask(made.owner, "PATCH", f"/check-runs/{number}", {"status": "in_progress"}).status == 403


def test_statuses_count_the_last_of_each_context(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        token = made.token(statuses="write")
        for state in ("pending", "success"):
            made.ask(token, "POST", f"/statuses/{made.head}", {"state": state, "context": "a"})
        path = f"/commits/{made.head}/status"
        assert made.ask(token, "GET", path).body["state"] == "success"
        made.ask(token, "POST", f"/statuses/{made.head}", {"state": "error", "context": "b"})
        combined = made.ask(token, "GET", path).body
        assert (combined["state"], combined["total_count"]) == ("failure", 2)
        assert made.ask(token, "POST", f"/statuses/{'0' * 40}", {"state": "error"}).status == 422
        assert len(made.ask(token, "GET", f"/commits/{made.head}/statuses").body) == 3


def test_what_doctor_reads(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        own = runs.settings(made.repo)
        own.secrets += ["FACTORY_GATE_KEY"]
        own.runners += [runs.Runner(7, "box", ("self-hosted", "gpu"), status="offline")]
        ask = made.owner
        assert made.ask(ask, "POST", "/actions/variables", {"name": "factory_gate_public", "value": "k"}).status == 201
        assert made.ask(ask, "POST", "/actions/variables", {"name": "FACTORY_GATE_PUBLIC", "value": "k"}).status == 409
        assert made.ask(ask, "POST", "/actions/variables", {"name": "GITHUB_X", "value": "k"}).status == 422
        listed = made.ask(ask, "GET", "/actions/variables").body["variables"]
        assert [(one["name"], one["value"]) for one in listed] == [("FACTORY_GATE_PUBLIC", "k")]
        assert [one["name"] for one in made.ask(ask, "GET", "/actions/secrets").body["secrets"]] == own.secrets
        box = made.ask(ask, "GET", "/actions/runners?name=box").body["runners"][0]
        assert (box["status"], [label["name"] for label in box["labels"]]) == ("offline", ["self-hosted", "gpu"])
        no = {"can_approve_pull_request_reviews": False}
        assert made.ask(ask, "PUT", "/actions/permissions/workflow", no).status == 204
        assert not made.repo.actions_may_open_pulls
        names = [one["path"] for one in made.ask(ask, "GET", "/actions/workflows").body["workflows"]]
        assert names == [".github/workflows/swarm.yml"]

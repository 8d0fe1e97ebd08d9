"""What the gate, the watchdog and the box read from the double."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.contracts.errors import HubMissing, HubProblem, HubRefused, Refusal
from factory.contracts.hub import MAX_BUNDLE
from factory.contracts.ticket import RoleName
from factory.forge.workflow_runs import download
from factory.simulator.hub import runs
from tests.forge.answering import TestClock, answering
from tests.forge.world import World, world

BOX = ".github/workflows/local-agent-worker.yml"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
        assert not made.hub.violations


@pytest.mark.parametrize("role", ["read", "triage", "write", "maintain", "admin"])
def test_standing_is_the_role_name(place: World, role: RoleName) -> None:
    user = place.hub.user("bob", role)
    found = place.github().standing("BOB")
    assert (found.role, found.person.login, found.person.id, found.person.kind) == (role, "bob", user.id, "User")


@pytest.mark.parametrize(
    ("custom", "below", "role"),
    [("Release captain", "maintain", "write"), ("reviewer", "triage", "read"), ("admin", "read", "read")],
)
def test_a_custom_role_counts_as_the_nearest_below(place: World, custom: str, below: str, role: str) -> None:
    """Even one with the name of a greater."""
    place.repo.custom_roles[custom] = below
    place.hub.user("bob", custom)
    assert place.github().standing("bob").role == role


def test_a_stranger_has_no_standing_and_nobody_is_a_problem(place: World) -> None:
    place.hub.user("eve")
    assert place.github().standing("eve").role == "none"
    assert place.github().standing("github-actions[bot]").person.kind == "Bot"
    with pytest.raises(HubProblem):
        place.github().standing("nobody-at-all")


def test_an_answer_for_somebody_else_is_none() -> None:
    other = {"permission": "admin", "role_name": "admin", "user": {"login": "ann", "id": 1, "type": "User"}}
    with answering(TestClock(), lambda _: (200, {}, other)) as server, pytest.raises(HubProblem):
        server.hub().standing("eve")


def test_a_kind_of_account_we_do_not_know_is_no_user() -> None:
    odd = {"permission": "admin", "role_name": "admin", "user": {"login": "x", "id": 1, "type": "Robot"}}
    with answering(TestClock(), lambda _: (200, {}, odd)) as server:
        assert server.hub().standing("x").person.kind != "User"


def test_issues_comments_and_labels(place: World) -> None:
    hub = place.github()
    place.person().comment(1, "please")
    hub.ensure_label("factory", "00ff00", "ours")
    hub.add_labels(1, "factory")
    assert hub.issue(1).labels == ("factory",) == hub.labels_of(1)
    assert [issue.number for issue in hub.issues("factory")] == [1]
    [comment] = hub.comments(1)
    assert hub.one_comment(comment.id) == comment
    assert (comment.author.login, comment.body) == ("ann", "please")
    with pytest.raises(HubMissing):
        hub.issue(99)


def test_settings_that_may_not_be_read_are_none(place: World) -> None:
    hub = place.github()
    assert hub.get("branches/none/protection") is None
    assert hub.get("actions/permissions") is None
    assert hub.get("/labels") == []
    with pytest.raises(Refusal):
        hub.get("../../orgs/acme")


def test_runs_jobs_and_artifacts(place: World) -> None:
    run = runs.start_run(place.hub, place.repo, BOX, event="repository_dispatch", title="refine gh-1-x", sha=place.head)
    job = runs.add_job(place.hub, run, "work", ("self-hosted", "gpu"))
    artifact = runs.add_artifact(place.hub, run, "bundle", b"PK\x05\x06" + bytes(range(256)))
    hub = place.github()
    found = hub.workflow_run(run.id)
    assert (found.path, found.name, found.event, found.repo) == (
        BOX,
        "refine gh-1-x",
        "repository_dispatch",
        "acme/shop",
    )
    assert [each.id for each in hub.workflow_runs("local-agent-worker.yml", since="2026-01-01T00:00:00Z")] == [run.id]
    assert list(hub.workflow_runs("", event="schedule")) == []
    assert [(each.id, each.labels) for each in hub.jobs(run.id)] == [(job.id, ("self-hosted", "gpu"))]
    run.attempt, old = 2, job.id
    again = runs.add_job(place.hub, run, "work", ("self-hosted", "gpu"))
    assert [each.id for each in hub.jobs(run.id)] == [again.id]
    assert sorted(each.id for each in hub.jobs(run.id, every=True)) == sorted([old, again.id])
    seen = hub.artifact(artifact.id)
    assert (seen.name, seen.run_id, seen.digest, seen.expired) == ("bundle", run.id, artifact.digest, False)
    assert hub.artifact_zip(artifact.id) == artifact.data


def test_pull_requests_and_their_diff(place: World) -> None:
    made = place.effects().pull("Fix", "text", "factory/1-x-0123abcd", "main", True)
    hub = place.github()
    found = hub.pull(made.number)
    assert (found.head, found.head_repo, found.head_sha) == (made.head, "acme/shop", place.head)
    assert [each.number for each in hub.pulls(made.head)] == [made.number]
    assert list(hub.pulls("another")) == []
    assert "+y = 3" in hub.pull_diff(made.number)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "http://example.org/x.zip", "ftp://x/y"])
def test_an_artifact_comes_over_https_only(url: str) -> None:
    with pytest.raises(Refusal) as caught:
        download(url, "https://api.github.com")
    assert caught.value.code == "untrusted_artifact"


def test_an_artifact_without_an_end_is_cut_off() -> None:
    """Our token is not sent along, a further redirection is not followed."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            self.send_response(302 if self.path == "/again" else 404 if self.path == "/gone" else 200)
            self.send_header("Location", "/endless")
            self.end_headers()
            while self.path == "/endless":
                self.wfile.write(bytes(1 << 20))

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.server_port}"
    with pytest.raises(Refusal) as caught:
        download(f"{root}/endless", root)
    assert caught.value.code == "too_big"
    assert str(f"{MAX_BUNDLE:,}") in str(caught.value)
    with pytest.raises(HubMissing):
        download(f"{root}/gone", root)
    with pytest.raises(HubProblem):
        download(f"{root}/again", root)
    server.shutdown()
    server.server_close()
    assert set(seen) == {""}


def test_a_payload_too_large_is_refused_before_it_is_sent(place: World) -> None:
    hub = place.github()
    for payload in ({"x": "y" * 70_000}, {str(n): n for n in range(11)}):
        with pytest.raises(HubRefused):
            hub.dispatch("factory-refine", payload)
    assert not [event for event in place.hub.events if event.name == "repository_dispatch"]

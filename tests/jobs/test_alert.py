"""Alerts on the GitHub double: one issue for all of them, open while there is one; one POST an alert and its end."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from factory.contracts.books import Row
from factory.contracts.night import AlertSettings
from factory.forge.alerts import alerts
from factory.forge.webhook import post
from factory.jobs.close import close
from factory.jobs.context import JobContext
from factory.jobs.open import open as open_job
from factory.jobs.watch import watch
from factory.simulator.hub import runs
from factory.simulator.hub.faults import Rule
from factory.simulator.hub.nouns import Issue
from tests.jobs.handed import admitted
from tests.jobs.place import Place, outputs, place

HOUR = 3600.0
BOX, NIGHT = ".github/workflows/factory-local.yml", ".github/workflows/factory-hunt.yml"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as made:
        (made.clone / "factory.toml").write_text('[alerts]\nwebhook_env = "HOOK"\n[budget]\nday_usd = 100\n')
        yield made
        assert made.hub.violations == []


def looked(here: Place, name: str = "watch", **more: Any) -> JobContext:
    job = here.job(here.ticket(1), name, event="schedule", **more)
    assert watch(job, clock=here.clock) == 0
    return job


def run(here: Place, result: str = "failure", purpose: str = "local", **more: Any) -> None:
    """A run of the box from lease to last word, on an issue of its own."""
    n = here.next_run()
    ticket = admitted(here, here.issue(), event=f"event {n}", purpose=purpose)
    first = here.job(ticket, "open", run=n)
    assert open_job(first, clock=here.clock) == 0
    needs = {"gate": {"result": "success"}, "open": {"result": "success", "outputs": outputs(first)},
             "work": {"result": result}}  # fmt: skip
    assert close(here.job(ticket, "ship", run=n, needs=needs, **more), clock=here.clock) == 0
    here.clock.sleep(60)


def told(here: Place) -> list[Issue]:
    return [each for each in here.repo.issues.values() if "factory:alert" in each.labels]


def waits(here: Place) -> runs.Job:
    with here.hub.lock:
        made = runs.start_run(here.hub, here.repo, BOX, event="issues")
        made.status = "in_progress"
        return runs.add_job(here.hub, made, "Work", ("self-hosted", "gpu"))


@contextlib.contextmanager
def hook(status: int = 200, *first: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An owner's webhook: its address and what it got. It answers `first`, then always `status`."""
    heard: list[dict[str, Any]] = []
    answers = iter(first)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            assert self.headers["Idempotency-Key"] == heard[-1].get("id")
            self.send_response(next(answers, status))
            self.send_header("Location", f"http://127.0.0.1:{server.server_address[1]}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/secret-path?k=1", heard
    finally:
        server.shutdown()
        server.server_close()


def test_runs_that_fail_in_a_row_are_one_issue_and_one_post_until_one_is_well(here: Place) -> None:
    """FAILURES 21: nobody noticed."""
    with hook() as (url, heard):
        for _ in range(2):
            run(here)
        looked(here, HOOK=url)
        assert (told(here), heard) == ([], []), "two are not three"
        run(here)
        for _ in range(3):
            looked(here, HOOK=url)
            here.clock.sleep(HOUR)
        (issue,) = told(here)
        assert "3 runs in a row failed" in issue.body
        run(here)
        looked(here, HOOK=url)
        assert (issue.state, "4 runs in a row" in issue.body) == ("open", True)
        run(here, "success", "review")
        for _ in range(2):
            looked(here, HOOK=url)
        assert (len(told(here)), issue.state) == (1, "closed")
        assert [(each["alert"], each["state"], each["count"]) for each in heard] == [
            ("failing", "raised", 3), ("failing", "ended", 0),
        ]  # fmt: skip
        assert set(heard[0]) == {"version", "id", "repo", "alert", "state", "since", "at", "count"}
        assert heard[0]["since"] == heard[1]["since"]
        for _ in range(3):
            run(here)
        looked(here, HOOK=url)
        assert (len(told(here)), issue.state, len(heard)) == (1, "open", 3), "the same issue, opened again"


def test_a_person_who_closes_it_is_not_contradicted_until_there_is_news(here: Place) -> None:
    for _ in range(3):
        run(here)
    looked(here)
    (issue,) = told(here)
    issue.state = "closed"
    looked(here)
    assert issue.state == "closed"


def test_a_box_is_silent_only_while_something_waits_for_it(here: Place) -> None:
    """FAILURES 20: what is quiet at work is not dead; an idle box raises nothing, however long."""
    run(here, "success", "review")
    assert [row["kind"] for row in here.ledger()].count("beat") == 1
    here.clock.sleep(100 * HOUR)
    looked(here)
    assert told(here) == []
    job = waits(here)
    here.clock.sleep(HOUR)
    looked(here)
    (issue,) = told(here)
    assert "nothing was heard of the box since 2026-11-20T12:0" in issue.body
    job.status = "completed"
    looked(here)
    assert issue.state == "closed"


def test_a_box_that_was_never_heard_is_one_alert_however_often_it_is_looked(here: Place) -> None:
    """FAILURES 22: an alert is known by a moment that does not move with the looks."""
    waits(here)
    here.clock.sleep(30 * HOUR)
    for seconds in (0, 3_617, 3_583, 3_641):
        here.clock.sleep(seconds)
        looked(here)
    rows = [row["id"] for row in here.ledger() if row["id"].startswith("alert.")]
    assert len(rows) == 1, rows
    assert len(told(here)) == 1


def test_a_box_that_is_at_work_on_something_else_is_not_silent(here: Place) -> None:
    """It is heard of at the end of its jobs only; one that works on a long one lets others wait."""
    run(here, "success", "review")
    here.clock.sleep(100 * HOUR)
    waits(here)
    busy = waits(here)
    busy.status, busy.runner = "in_progress", "box"
    here.clock.sleep(HOUR)
    looked(here)
    assert told(here) == []


def test_an_issue_that_could_not_be_opened_again_is_opened_by_the_next_look(here: Place) -> None:
    """GitHub is down for a moment: not what a person's closing looks like."""
    for _ in range(3):
        run(here)
    looked(here)
    run(here, "success", "review")
    looked(here)
    (issue,) = told(here)
    assert issue.state == "closed"
    here.clock.sleep(HOUR)
    for _ in range(3):
        run(here)
    here.faults.add(Rule("down", "PATCH", "/issues/", times=0))
    looked(here)
    here.faults.clear()
    states = [told(here)[0].state]
    looked(here)
    assert [*states, told(here)[0].state] == ["closed", "open"]


def test_hosted_runners_in_the_box_s_place_are_no_heartbeat(here: Place) -> None:
    run(here, "success", "review", payload={"client_payload": {"where": "cloud"}})
    run(here, "cancelled")
    assert "beat" not in [row["kind"] for row in here.ledger()]


def test_a_night_that_does_not_come_is_said_and_one_that_was_switched_off_is_not(here: Place) -> None:
    looked(here)
    with here.hub.lock:
        runs.start_run(here.hub, here.repo, NIGHT, event="schedule")
    here.clock.sleep(20 * HOUR)
    looked(here)
    assert told(here) == []
    here.clock.sleep(10 * HOUR)
    looked(here)
    (issue,) = told(here)
    assert "nightly hunt began last at 2026-11-20" in issue.body
    here.clock.sleep(14 * 24 * HOUR)
    looked(here)
    assert issue.state == "closed"


def test_only_the_hourly_look_alerts(here: Place) -> None:
    for _ in range(3):
        run(here)
    looked(here, "open")
    assert told(here) == []


def test_gha_02_an_answer_that_is_lost_makes_no_second_issue_and_no_second_post(here: Place) -> None:
    """GHA-02: the watchdog dies after the books heard of it; the next look says the rest, and posts nothing twice."""
    for _ in range(3):
        run(here)
    with hook() as (url, heard):
        here.faults.add(Rule("down", "POST", "/issues$", times=0))
        looked(here, HOOK=url)
        assert told(here) == []
        here.faults.clear()
        for _ in range(2):
            looked(here, HOOK=url)
        assert len(told(here)) == 1
        assert len(heard) == 1, "the owner heard of it while GitHub took no issue"


@pytest.mark.parametrize("status", [302, 500])
def test_a_webhook_that_answers_badly_is_asked_once_a_look_and_fails_nothing(
    here: Place, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    for _ in range(3):
        run(here)
    with hook(status) as (url, heard):
        looked(here, HOOK=url)
    assert len(heard) == 1
    assert f"The webhook answered {status}." in (said := capsys.readouterr().out)
    assert said.count("secret-path") == 1, "only where the runner is told to mask it"


def test_what_the_webhook_did_not_take_is_posted_again_in_order_and_under_the_same_id(here: Place) -> None:
    with hook(200, 503, 503) as (url, heard):
        for _ in range(3):
            run(here)
        looked(here, HOOK=url)
        run(here, "success", "review")
        looked(here, HOOK=url)
        assert [each["state"] for each in heard] == ["raised"] * 2, "its end waits until the alert itself was taken"
        for _ in range(3):
            here.clock.sleep(HOUR)
            looked(here, HOOK=url)
        assert [each["state"] for each in heard] == ["raised"] * 3 + ["ended"]
        assert [len({each["id"] for each in part}) for part in (heard[:3], heard)] == [1, 2]


def test_a_webhook_that_is_gone_is_not_asked_for_ever(here: Place) -> None:
    with hook(410) as (url, heard):
        for _ in range(3):
            run(here)
        looked(here, HOOK=url)
        here.clock.sleep(25 * HOUR)
        looked(here, HOOK=url)
        assert len(heard) == 1


@pytest.mark.parametrize("url", ["http://hooks.example.org/x", "ftp://x", "nonsense", "https://[", "https://"])
def test_other_addresses_are_not_asked(url: str) -> None:
    assert "webhook" in post(url, {})
    assert "hooks" not in post(url, {}).replace("webhook", "")


def test_nobody_there_is_a_sentence() -> None:
    with hook() as (url, _):
        pass
    assert "did not answer" in post(url, {})


def test_stops_and_parked_runs_neither_add_to_a_row_nor_break_it() -> None:
    rows: list[Row] = []
    for n, state in enumerate(("done", "failed", "stopped", "failed", "parked", "failed")):
        facts = {"run": f"r{n}", "event": "e", "purpose": "local", "issue": n, "actor": "ann",
                 "at": f"2026-11-20T12:0{n}:00Z"}  # fmt: skip
        rows += [Row.model_validate({"id": f"o{n}", "kind": "open", **facts}),
                 Row.model_validate({"id": f"o{n}.close", "kind": "close", "state": state, **facts})]  # fmt: skip
    (found,) = alerts(rows, "", "", "2026-11-20T13:00:00Z", AlertSettings())
    assert (found.kind, found.count, found.since) == ("failing", 3, "2026-11-20T12:01:00Z")

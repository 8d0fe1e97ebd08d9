"""Trust zones as the YAML cuts them: who holds which key, who may write, who runs what, what is handed over."""

import re

import pytest

from scripts.workflow_files import FACTORY, Job, actions, jobs, mentioned, strings

OURS = [job for job in jobs() if job.workflow in FACTORY]
KEYS = {
    "gate": {"FACTORY_GATE_KEY"},
    "think": {"FACTORY_MODEL_KEY", "FACTORY_FRONTIER_KEY"},
    "prove": set(),
    "ship": {"FACTORY_APP_KEY", "FACTORY_MARKER_KEY", "FACTORY_COPILOT_TOKEN", "FACTORY_ALERT_WEBHOOK"},
}
COMMANDS = {
    "gate": {"job gate"},
    "think": {"stage", "review", "hunt"},
    "prove": {"stage"},
    "ship": {
        f"job {name}"
        for name in (
            "open",
            "ship",
            "send",
            "close",
            "answer",
            "route",
            "watch",
            "post",
            "remember",
            "outcome",
            "hunt",
            "scan",
            "audited",
        )
    },
}
STAGES = {"think": {"intake", "gather", "plan", "generate", "collect", "work"}, "prove": {"verify"}}
PATHS = (
    "bundle",
    "bundle/change-${{ matrix.unit }}.json",
    "bundle/unit-${{ matrix.unit }}.json",
    "gate",
    "hunt",
    "review.json",
)
SETUP, STAGE = "$/.github/actions/setup", "$/.github/actions/stage"


@pytest.mark.parametrize("job", OURS, ids=str)
def test_each_job_belongs_to_one_zone_and_holds_no_other_zone_s_keys(job: Job) -> None:
    assert job.zone in KEYS
    assert job.secrets <= KEYS[job.zone]


@pytest.mark.parametrize("job", OURS, ids=str)
def test_only_ship_jobs_may_write(job: Job) -> None:
    writes = {name for name, level in job.permissions.items() if level == "write"}
    assert not writes or job.zone == "ship"
    assert not writes - {"actions", "checks", "contents", "issues", "pull-requests", "security-events"}
    assert "security-events" not in writes or writes == {"security-events"}
    if job.zone == "prove":
        assert job.permissions == {"contents": "read"}


@pytest.mark.parametrize("job", OURS, ids=str)
def test_each_zone_calls_its_own_commands_only(job: Job) -> None:
    called = set()
    for step in job.steps:
        called |= set(re.findall(r"factory (job [a-z]+|stage|review|hunt)", step.get("run", "")))
        if step.get("uses") == STAGE:
            called.add("stage")
            assert step["with"]["name"] in STAGES[job.zone]
    assert called
    assert called <= COMMANDS[job.zone]


@pytest.mark.parametrize("job", OURS, ids=str)
def test_a_job_runs_nothing_of_the_repository(job: Job) -> None:
    """PTH-11: besides actions each step is one factory command; the repository's code runs in its sandbox."""
    for step in job.steps:
        if "run" in step:
            assert re.fullmatch(r"factory (job|review|hunt) .*", step["run"].strip(), flags=re.DOTALL), step["run"]
        else:
            assert step["uses"].startswith(("$/.github/actions/", "actions/")), step["uses"]


@pytest.mark.parametrize("job", OURS, ids=str)
def test_the_token_is_handed_to_gate_and_ship_commands_only(job: Job) -> None:
    for step in job.steps:
        given = "github.token" in " ".join(strings(step))
        if not given:
            continue
        fetches = step.get("uses", "").startswith("actions/download-artifact@") and "run-id" in step["with"]
        assert job.zone in ("gate", "ship") or fetches, f"{job}: {step.get('name')}"
        if fetches:
            assert job.permissions.get("actions") == "read"


@pytest.mark.parametrize("job", OURS, ids=str)
def test_no_cache_crosses_a_zone(job: Job) -> None:
    """Only hosted think jobs read and write one, under a key of their own; the box has its own installation."""
    for step in job.steps:
        assert not step.get("uses", "").startswith("actions/cache@")
        if step.get("uses") == SETUP and step.get("with", {}).get("cache"):
            assert job.zone == "think"
            assert "self-hosted" not in str(job.body["runs-on"])
    cache = next(step for step in actions()["setup"]["runs"]["steps"] if "cache@" in step.get("uses", ""))
    assert cache["with"]["key"].startswith("factory-think-")
    assert "restore-keys" not in cache["with"]


def test_exf_12_only_bundles_gates_and_findings_leave_a_job() -> None:
    """EXF-12: artifacts are named folders and files of ours, never the workspace or a home."""
    found = []
    for job in OURS:
        for step in job.steps:
            if step.get("uses", "").startswith("actions/upload-artifact@"):
                found.append(step["with"]["path"])
            if step.get("uses") == STAGE:
                found += step["with"].get("files", "").splitlines()
    upload = actions()["stage"]["runs"]["steps"][-1]["with"]
    assert upload["path"] == "${{ inputs.files || format('{0}/bundle', runner.temp) }}"
    assert found
    for path in found:
        assert path.strip().removeprefix("${{ runner.temp }}/") in PATHS, path
        assert "include-hidden-files" not in upload


def test_art_01_bundles_are_fetched_by_id() -> None:
    """ART-01: by artifact id, of another run with its run id too; only a wave's units by name, of this run."""
    steps = [step for job in OURS for step in job.steps] + actions()["stage"]["runs"]["steps"]
    fetched = [step["with"] for step in steps if step.get("uses", "").startswith("actions/download-artifact@")]
    assert len(fetched) > 5
    for wanted in fetched:
        assert ("artifact-ids" in wanted) != bool(re.fullmatch(r"unit-[123]-\*", wanted.get("pattern", "")))
        assert "name" not in wanted
        assert ("run-id" in wanted) == ("github-token" in wanted)


def test_art_02_each_bundle_is_read_with_the_digest_its_maker_said() -> None:
    """ART-02: the digest travels as a job output, beside the artifact and not in it."""
    for job in OURS:
        for step in job.steps:
            if step.get("uses") == STAGE and "artifact" in step["with"]:
                made, by = (mentioned(step["with"][name], "needs.") for name in ("artifact", "digest"))
                assert made == by
                assert "outputs.digest" in step["with"]["digest"]


def test_trg_18_one_job_is_for_the_box_and_its_events_are_the_default_branch_s() -> None:
    """TRG-18: the only job for the box; the hook refuses every other workflow (test_hook.py)."""
    boxed = [job for job in jobs() if "self-hosted" in str(job.body["runs-on"])]
    assert [str(job) for job in boxed] == ["local-agent-worker/work"]
    from scripts.workflow_files import workflows

    safe = {"issues", "repository_dispatch", "workflow_dispatch", "workflow_call"}
    assert set(workflows()["local-agent-worker"]["on"]) == safe

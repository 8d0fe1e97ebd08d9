"""TRG-18: the pre-job hook of the box's runner, run as the runner runs it, with the variables GitHub sets."""

import subprocess
from pathlib import Path

import pytest

HOOK = Path(__file__).parent.parent.parent / ".github" / "runner" / "job-started.sh"
OURS = "acme/shop/.github/workflows/local-agent-worker.yml@refs/heads/main"
CALLER = "acme/shop/.github/workflows/factory-local.yml@refs/heads/main"


def run(tmp_path: Path, **changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "FACTORY_ALLOWED_WORKFLOWS": f"{OURS},{CALLER}",
        "GITHUB_WORKFLOW_REF": OURS,
        "GITHUB_EVENT_NAME": "repository_dispatch",
        "GITHUB_REF": "refs/heads/main",
        **changes,
    }
    given = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run([str(HOOK)], env=given, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workflow", [OURS, CALLER])
@pytest.mark.parametrize("event", ["issues", "issue_comment", "repository_dispatch", "workflow_dispatch", "schedule"])
def test_the_factory_s_own_jobs_pass(tmp_path: Path, workflow: str, event: str) -> None:
    done = run(tmp_path, GITHUB_WORKFLOW_REF=workflow, GITHUB_EVENT_NAME=event)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/miner.yml@refs/heads/main"},
        {"GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/local-agent-worker.yml@refs/heads/feature"},
        {"GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/local-agent-worker.yml@refs/pull/7/merge"},
        {"GITHUB_WORKFLOW_REF": "evil/shop/.github/workflows/local-agent-worker.yml@refs/heads/main"},
        {"GITHUB_WORKFLOW_REF": OURS + "2"},
        {"GITHUB_WORKFLOW_REF": "x" + OURS},
        {"GITHUB_WORKFLOW_REF": "*"},
        {"GITHUB_WORKFLOW_REF": ""},
        {"GITHUB_WORKFLOW_REF": None},
        {"GITHUB_REF": "refs/heads/feature"},
        {"GITHUB_REF": None},
        *(
            {"GITHUB_EVENT_NAME": name}
            for name in ("push", "pull_request", "pull_request_target", "pull_request_review")
        ),
        {"GITHUB_EVENT_NAME": "pull_request_review_comment"},
        {"GITHUB_EVENT_NAME": "workflow_run"},
        {"GITHUB_EVENT_NAME": None},
        {"FACTORY_ALLOWED_WORKFLOWS": ""},
        {"FACTORY_ALLOWED_WORKFLOWS": None},
        {"FACTORY_ALLOWED_WORKFLOWS": "*"},
        {"FACTORY_ALLOWED_WORKFLOWS": "acme/shop/.github/workflows/*@refs/heads/main"},
    ],
    ids=str,
)
def test_trg_18_every_other_job_ends_before_its_first_step(tmp_path: Path, changes: dict[str, str | None]) -> None:
    """TRG-18: exit 1, one error line for the log, nothing written."""
    done = run(tmp_path, **changes)
    assert done.returncode == 1
    assert done.stdout.startswith("::error::factory: this job may not run on the box: ")
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_name_with_shell_in_it_is_a_name(tmp_path: Path) -> None:
    """INJ-01: the workflow's ref is compared, never expanded."""
    ref = f"acme/shop/.github/workflows/$(touch {tmp_path}/canary)`id`.yml@refs/heads/main"
    assert run(tmp_path, GITHUB_WORKFLOW_REF=ref).returncode == 1
    assert run(tmp_path, FACTORY_ALLOWED_WORKFLOWS=ref).returncode == 1
    assert not (tmp_path / "canary").exists()

"""Jobs that think, prove or decide at the gate write nothing, whatever runs in their place; and what falls with the
checkout. Every job of every workflow side by side in one run of the runner, with the permissions of its own file."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.simulator.expressions.evaluator import Expressions
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Issue
from factory.simulator.hub.routes import collect
from factory.simulator.hub.runs import Artifact, add_artifact, start_run
from factory.simulator.hub.table import MODULES
from tests.simulator.hubs import World, world
from tests.simulator.stage import Stage, stage
from tests.simulator.test_whole_permissions import jobs

WRITES = sorted(
    {(one.method, one.template) for one in collect(MODULES) if one.method != "GET" and one.template != "/graphql"}
)
OPEN_TO_ALL = {("POST", "/repos/{owner}/{repo}/commits/{commit_sha}/comments")}  # contents: read, by GitHub's own table
QUIET = {key: spec for key, spec in jobs().items() if spec["env"]["FACTORY_ZONE"] in ("think", "prove", "gate")}
HELD = sorted({json.dumps(spec["permissions"], sort_keys=True) for spec in QUIET.values()})
HOSTILE = """
api="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY"
try() { curl -s -o /dev/null -w "$1 $2 %{http_code}\\n" -X "$1" -H "Authorization: Bearer $TOKEN" "$api$2" -d "$3"; }
try POST /issues/1/comments '{"body": "pwned"}'
try POST /issues/1/labels '{"labels": ["agent:swarm"]}'
try PATCH /issues/1 '{"state": "closed"}'
try POST /issues '{"title": "pwned"}'
try POST /dispatches '{"event_type": "factory-refine"}'
try POST /git/refs '{"ref": "refs/heads/pwned", "sha": "'"$GITHUB_SHA"'"}'
try POST /check-runs '{"name": "pwned", "head_sha": "'"$GITHUB_SHA"'"}'
try POST /pulls '{"title": "pwned", "head": "main", "base": "main"}'
git init -q here && cd here && git -c user.name=x -c user.email=x@x commit -q --allow-empty -m pwned
url="${GITHUB_SERVER_URL/:\\/\\//:\\/\\/x-access-token:$TOKEN@}/$GITHUB_REPOSITORY.git"
git push -q "$url" HEAD:refs/heads/pwned && echo PUSHED || echo "git push refused"
"""


@pytest.fixture
def made(tmp_path: Path, evaluator: Expressions) -> Iterator[Stage]:
    with stage(tmp_path, evaluator) as found:
        found.write({"README.md": "hi\n", "factory.toml": ""})
        with found.hub.lock:
            number, now = found.hub.number(found.repo), found.hub.now()
            found.repo.issues[number] = Issue(number, found.hub.next_id(), "Title", "Body", "octo", now, now)
        yield found


def workflow(parts: dict[str, dict[str, Any]]) -> str:
    return yaml.safe_dump({"name": "side by side", "on": "workflow_dispatch", "permissions": {}, "jobs": parts})


def test_no_job_that_thinks_proves_or_admits_can_write(made: Stage) -> None:
    """A hostile step in the place of each job's own, with its token: nothing is written anywhere."""
    steps = [{"run": HOSTILE, "env": {"TOKEN": "${{ github.token }}"}}]
    parts = {
        f"{name}_{job}": {"runs-on": "ubuntu-24.04", "permissions": spec["permissions"], "steps": steps}
        for (name, job), spec in QUIET.items()
    }
    refs, before = bare.refs(made.repo.folder, "refs/"), str(made.repo.issues)
    made.write({"w.yml": workflow(parts)})
    refs = bare.refs(made.repo.folder, "refs/")
    run = made.dispatch("w.yml", seconds=200)
    assert len(run.jobs) == len(QUIET) > 10
    for job in run.jobs:
        log = made.log(run, job.id)
        codes = re.findall(r"/\S+ (\d{3})$", log, re.MULTILINE)
        assert codes == ["403"] * 8, log
        assert "git push refused" in log
        assert "PUSHED" not in log.replace("echo PUSHED", "")
    assert bare.refs(made.repo.folder, "refs/") == refs
    assert str(made.repo.issues) == before
    assert [event.name for event in made.hub.events] == ["workflow_dispatch"]


@pytest.mark.parametrize("held", HELD)
def test_every_route_that_writes_refuses_such_a_token(tmp_path: Path, held: str) -> None:
    """Each permission set of think, prove and gate jobs against every operation of the double that changes anything."""
    with world(tmp_path, odd=True) as here:
        token, number = here.actions(**json.loads(held)), here.pull(here.actions())
        node = here.ask("GET", f"/pulls/{number}", here.actions()).json()["node_id"]
        before = str(here.repo.issues), bare.refs(here.repo.folder, "refs/")
        for method, template in WRITES:
            path = re.sub(r"\{[^}]*\}", str(number), template.replace("{owner}/{repo}", here.repo.full_name))
            assert _status(here, method, path, token) in (401, 403, 404) or (method, template) in OPEN_TO_ALL
        ready = (
            f'mutation {{ markPullRequestReadyForReview(input: {{pullRequestId: "{node}"}}) {{ clientMutationId }} }}'
        )
        _status(here, "POST", "/graphql", token, {"query": ready})
        assert (str(here.repo.issues), bare.refs(here.repo.folder, "refs/")) == before


def _status(here: World, method: str, path: str, token: str, body: Any = None) -> int:
    url = here.served.graphql_url if path == "/graphql" else f"{here.served.url}{path}"
    asked = urllib.request.Request(
        url, json.dumps(body or {}).encode(), {"Authorization": f"Bearer {token}"}, method=method
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_without_contents_every_job_ends_at_its_checkout(made: Stage) -> None:
    """The first step that needs the repository fails, in words that say so, and no later step runs."""
    parts = {}
    for (name, key), spec in jobs().items():
        first = next((step for step in spec["steps"] if "actions/checkout@" in step.get("uses", "")), None)
        if first is None:
            continue
        given = {what: value for what, value in first["with"].items() if what != "ref"}
        held = {what: level for what, level in spec["permissions"].items() if what != "contents"}
        parts[f"{name}_{key}"] = {
            "runs-on": "ubuntu-24.04", "permissions": held,
            "steps": [{"uses": first["uses"], "with": given}, {"run": "echo WENT ON"}],
        }  # fmt: skip
    made.write({"w.yml": workflow(parts)})
    run = made.dispatch("w.yml", seconds=200)
    assert len(run.jobs) == len(jobs()) - 1  # what forwards a review takes nothing from the repository
    for job in run.jobs:
        log = made.log(run, job.id)
        assert (job.result, [step.conclusion for step in job.steps]) == ("failure", ["failure", "skipped"]), log
        assert "Write access to repository not granted" in log


@pytest.mark.parametrize(("name", "job"), [("dark-factory-swarm", "plan"), ("local-agent-worker", "work")])
def test_without_actions_a_bundle_of_another_run_cannot_be_fetched(made: Stage, name: str, job: str) -> None:
    other = start_run(made.hub, made.repo, ".github/workflows/x.yml", event="issues")
    artifact = add_artifact(made.hub, other, "bundle-prove", b"PK\x05\x06" + bytes(18))
    assert isinstance(artifact, Artifact)
    spec = jobs()[name, job]
    step = next(each for each in spec["steps"] if "run-id" in each.get("with", {}))
    given = {**step["with"], "artifact-ids": str(artifact.id), "run-id": str(other.id)}
    for lacks in (True, False):
        held = {key: level for key, level in spec["permissions"].items() if not (lacks and key == "actions")}
        part = {"runs-on": "ubuntu-24.04", "permissions": held, "steps": [{"uses": step["uses"], "with": given}]}
        made.write({f"{lacks}.yml": workflow({"fetch": part})})
        run = made.dispatch(f"{lacks}.yml")
        assert run.job("fetch").result == ("failure" if lacks else "success"), made.log(run, "fetch")
        if lacks:
            assert "actions" in made.log(run, "fetch")

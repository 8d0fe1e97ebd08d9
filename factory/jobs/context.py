"""What a job of a workflow gets from its runner, and the three ways it answers: outputs, summary, log lines."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.contracts.record import Json

MAX_OUTPUT = 900_000  # bytes of all outputs of a job; GitHub's limit is 1 MB
MAX_SUMMARY = 1_000_000  # bytes of a step's summary; GitHub's limit is 1 MiB
CUT = "\n\n[cut here: the rest did not fit into a step summary]\n"


@dataclass(frozen=True)
class JobContext:
    """One job's surroundings. Event text in `payload` is untrusted."""

    event: str  # issues, issue_comment, repository_dispatch …
    payload: Json
    repo: str  # owner/name
    run_id: int
    attempt: int
    sha: str  # GITHUB_SHA: for most events the default branch's head
    ref: str
    workflow: str  # .github/workflows/x.yml of this run
    job: str
    api_url: str
    server_url: str
    workspace: Path
    temp: Path
    environment: Mapping[str, str]

    @property
    def token(self) -> str:
        return self.environment.get("GITHUB_TOKEN", "")

    @property
    def inputs(self) -> Json:
        """Of workflow_dispatch or workflow_call: FACTORY_INPUTS holds `toJSON(inputs)`, else the payload's."""
        text = self.environment.get("FACTORY_INPUTS", "")
        given = text.strip() not in ("", "null")  # an event without inputs
        found = _object(text, "FACTORY_INPUTS") if given else self.payload.get("inputs")
        return found if isinstance(found, dict) else {}

    @property
    def needs(self) -> Json:
        """`toJSON(needs)`: results and outputs of the jobs before."""
        text = self.environment.get("FACTORY_NEEDS", "")
        return _object(text, "FACTORY_NEEDS") if text else {}

    def output(self, **values: str) -> None:
        """Step outputs, each under a delimiter that no value can contain. Without GITHUB_OUTPUT: printed."""
        path = self.environment.get("GITHUB_OUTPUT", "")
        for name, value in values.items():
            mark = f"factory-{secrets.token_hex(8)}"
            text = f"{name}<<{mark}\n{value}\n{mark}\n" if path else f"{name}={value}\n"
            if len(text.encode()) > MAX_OUTPUT:
                raise UsageProblem(f"The output {name} has {len(value):,} characters: hand it over as an artifact.")
            _append(path, text)

    def summary(self, markdown: str) -> None:
        """The step's summary, cut at GitHub's limit: too much text never fails a job."""
        path = self.environment.get("GITHUB_STEP_SUMMARY", "")
        raw = markdown.encode()
        if len(raw) > MAX_SUMMARY:
            markdown = raw[: MAX_SUMMARY - len(CUT)].decode(errors="ignore") + CUT
        if path:
            _append(path, markdown)

    def say(self, level: str, text: str) -> None:
        """A workflow command of level notice, warning or error; the text cannot start another command."""
        safe = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        print(f"::{level}::{safe}", flush=True)  # noqa: T201  the runner reads standard output

    def mask(self, secret: str) -> None:
        if secret:
            print(f"::add-mask::{secret}", flush=True)  # noqa: T201


def job_context(environment: Mapping[str, str]) -> JobContext:
    """Raises UsageProblem outside a workflow job, naming what is missing."""

    def need(name: str) -> str:
        value = environment.get(name, "")
        if not value:
            raise UsageProblem(f"{name} is not set: `factory job` runs inside a GitHub Actions job.")
        return value

    path = Path(need("GITHUB_EVENT_PATH"))
    repo = need("GITHUB_REPOSITORY")
    workflow = environment.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].removeprefix(f"{repo}/")
    return JobContext(
        event=need("GITHUB_EVENT_NAME"), payload=_object(path.read_text(encoding="utf-8"), str(path)), repo=repo,
        run_id=int(need("GITHUB_RUN_ID")), attempt=int(environment.get("GITHUB_RUN_ATTEMPT", "1")),
        sha=environment.get("GITHUB_SHA", ""), ref=environment.get("GITHUB_REF", ""), workflow=workflow,
        job=environment.get("GITHUB_JOB", ""), api_url=environment.get("GITHUB_API_URL", "https://api.github.com"),
        server_url=environment.get("GITHUB_SERVER_URL", "https://github.com"),
        workspace=Path(environment.get("GITHUB_WORKSPACE", ".")), temp=Path(need("RUNNER_TEMP")),
        environment=environment,
    )  # fmt: skip


def _object(text: str, where: str) -> Json:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        raise UsageProblem(f"{where} is not JSON.") from None
    if not isinstance(found, dict):
        raise UsageProblem(f"{where} is not a JSON object.")
    return found


def _append(path: str, text: str) -> None:
    if not path:
        print(text, end="", flush=True)  # noqa: T201
        return
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)

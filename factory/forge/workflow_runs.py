"""Workflow runs, their jobs and artifacts; dispatches and assignments."""

import json
from collections.abc import Iterator, Mapping
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from factory.contracts.errors import HubMissing, HubRefused, HubUnreachable, Refusal
from factory.contracts.hub import MAX_BUNDLE, ArtifactInfo, WorkflowJob, WorkflowRun
from factory.contracts.record import Json
from factory.forge import shapes
from factory.forge.caller import Caller
from factory.forge.origin import is_loopback
from factory.forge.shapes import shaped

_RUNS = "/repos/{repo}/actions/runs"
_ARTIFACT = "/repos/{repo}/actions/artifacts/{artifact}"
MAX_PAYLOAD, MAX_KEYS, MAX_EVENT = 65_535, 10, 100


class RunCalls:
    """Implements contracts.hub.RunReader."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def workflow_run(self, run: int) -> WorkflowRun:
        return shaped(shapes.workflow_run, self.caller.call("GET", _RUNS + "/{run}", run=run))

    def workflow_runs(self, workflow: str, event: str = "", status: str = "", since: str = "") -> Iterator[WorkflowRun]:
        query = {"event": event, "status": status, "created": f">={since}" if since else ""}
        query = {name: text for name, text in query.items() if text}
        if workflow:
            where = "/repos/{repo}/actions/workflows/{workflow}/runs"
            rows = self.caller.pages(where, "workflow_runs", query=query, workflow=workflow)
        else:
            rows = self.caller.pages(_RUNS, "workflow_runs", query=query)
        for row in rows:
            yield shaped(shapes.workflow_run, row)

    def jobs(self, run: int, every: bool = False) -> Iterator[WorkflowJob]:
        query = {"filter": "all"} if every else None
        for row in self.caller.pages(_RUNS + "/{run}/jobs", "jobs", query=query, run=run):
            yield shaped(shapes.job, row)

    def artifact(self, number: int) -> ArtifactInfo:
        return shaped(shapes.artifact, self.caller.call("GET", _ARTIFACT, artifact=number))

    def artifact_zip(self, number: int) -> bytes:
        """GitHub answers with a signed address elsewhere; our token does not go there."""
        reply = self.caller.reply("GET", _ARTIFACT + "/zip", artifact=number)
        return download(reply.headers.get("location", ""), self.caller.origin)


class DispatchCalls:
    """Implements contracts.hub.Dispatcher."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def dispatch(self, event_type: str, payload: Json) -> None:
        size = len(json.dumps(payload))
        if len(event_type) > MAX_EVENT or len(payload) > MAX_KEYS or size > MAX_PAYLOAD:
            raise HubRefused(
                f"The payload of {event_type[:MAX_EVENT]} is too large for a dispatch ({size:,} bytes).", 422
            )
        self.caller.call("POST", "/repos/{repo}/dispatches", {"event_type": event_type, "client_payload": payload})

    def start_workflow(self, file: str, ref: str, inputs: Mapping[str, str]) -> None:
        body = {"ref": ref, "inputs": dict(inputs)}
        self.caller.call("POST", "/repos/{repo}/actions/workflows/{workflow}/dispatches", body, workflow=file)

    def cancel(self, run: int) -> None:
        """One that has ended is left alone."""
        try:
            self.caller.call("POST", _RUNS + "/{run}/cancel", repeat=True, run=run)
        except HubRefused as problem:
            if problem.status != 409:
                raise

    def rerun(self, run: int, *, failed: bool = False) -> None:
        self.caller.call("POST", f"{_RUNS}/{{run}}/{'rerun-failed-jobs' if failed else 'rerun'}", run=run)

    def assign(self, issue: int, logins: tuple[str, ...]) -> None:
        """GitHub leaves out, without a word, whom it cannot assign: raises HubRefused when nobody is left."""
        where = "/repos/{repo}/issues/{number}/assignees"
        data = self.caller.call("POST", where, {"assignees": list(logins)}, repeat=True, number=issue)
        if logins and not data.get("assignees"):
            raise HubRefused(f"GitHub cannot assign {', '.join(logins)} to #{issue}: they have no access here.", 422)


class _Stay(HTTPRedirectHandler):
    """One redirection was followed already: no other."""

    def redirect_request(self, *_: object) -> None:
        return None


def download(url: str, origin: str) -> bytes:
    """At most MAX_BUNDLE bytes from an address that GitHub gave. Raises Refusal, HubMissing or HubUnreachable."""
    target = urlsplit(url)
    near = target.scheme == "http" and is_loopback(target.hostname) and is_loopback(urlsplit(origin).hostname)
    if not (target.scheme == "https" or near):
        raise Refusal("untrusted_artifact", "GitHub's address for the artifact is not https: it is not fetched.")
    request = Request(url, headers={"User-Agent": "dark-factory"})  # noqa: S310  the scheme was checked
    try:
        with build_opener(_Stay).open(request, timeout=60) as answer:
            data: bytes = answer.read(MAX_BUNDLE + 1)
    except HTTPError as error:
        if error.code in (404, 410):
            raise HubMissing("The artifact is gone: run the earlier workflow again.", error.code) from None
        raise HubUnreachable(f"The artifact's store answers {error.code}.", error.code) from None
    except OSError as error:
        raise HubUnreachable(f"The artifact's store does not answer ({type(error).__name__}).") from None
    if len(data) > MAX_BUNDLE:
        raise Refusal("too_big", f"The artifact has more than {MAX_BUNDLE:,} bytes.")
    return data

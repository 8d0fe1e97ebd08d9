"""Routes for code scanning: a SARIF log is taken, read at once, and kept with the repository."""

import base64
import binascii
import gzip
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from factory.contracts.record import Json
from factory.simulator.hub import bare
from factory.simulator.hub.nouns import Repository
from factory.simulator.hub.routes import Call, Refused, Reply, route
from factory.simulator.hub.views import repo_url

if TYPE_CHECKING:
    from factory.simulator.hub.state import Hub

SARIFS = "/repos/{owner}/{repo}/code-scanning/sarifs"
MOST = 10 * 1024 * 1024  # bytes, gzipped
MOST_RESULTS = 25_000
NOT_ENABLED = "Code Security must be enabled for this repository to use code scanning."


@dataclass
class Analysis:
    id: str
    commit: str
    ref: str
    by: str
    log: dict[str, Any]
    problem: str = ""


@route("POST", SARIFS, permission=("security_events", "write"))
def upload_sarif(hub: "Hub", call: Call) -> Reply:
    if call.repo.private and call.repo.extras.get("code_security") is False:
        raise Refused(403, NOT_ENABLED)
    if not bare.resolve(call.repo.folder, str(call.body["commit_sha"])):
        raise Refused(400, f"commit not found: {call.body['commit_sha']}")
    try:
        raw = base64.b64decode(call.body["sarif"], validate=True)
        if len(raw) > MOST:
            raise Refused(413, "The SARIF upload is too large.")
        log = json.loads(gzip.decompress(raw))
    except (binascii.Error, OSError, EOFError, ValueError, zlib.error):
        raise Refused(400, "Invalid SARIF. The file is not gzipped and base64 encoded JSON.") from None
    made = Analysis(f"sarif-{hub.next_id()}", call.body["commit_sha"], call.body["ref"], call.login, log, _problem(log))
    analyses_of(call.repo)[made.id] = made
    return 202, {"id": made.id, "url": f"{repo_url(hub, call.repo)}/code-scanning/sarifs/{made.id}"}


@route("GET", f"{SARIFS}/{{sarif}}", permission=("security_events", "read"))
def sarif_status(hub: "Hub", call: Call) -> Reply:
    made = analyses_of(call.repo).get(call.params["sarif"])
    if made is None:
        raise Refused(404, "Not Found")
    if made.problem:
        return 200, {"processing_status": "failed", "analyses_url": None, "errors": [made.problem]}
    analyses = f"{repo_url(hub, call.repo)}/code-scanning/analyses?sarif_id={made.id}"
    return 200, {"processing_status": "complete", "analyses_url": analyses}


def analyses_of(repo: Repository) -> dict[str, Analysis]:
    found: dict[str, Analysis] = repo.extras.setdefault("sarifs", {})
    return found


def alerts_of(repo: Repository, ref: str) -> list[Json]:
    """What the Security page shows of a ref: the results of each tool's newest log, by category."""
    newest: dict[tuple[str, str], list[Json]] = {}
    for made in analyses_of(repo).values():
        for run in made.log["runs"] if made.ref == ref and not made.problem else ():
            newest[run["tool"]["driver"]["name"], run.get("automationDetails", {}).get("id", "")] = run["results"]
    return [result for results in newest.values() for result in results]


def without_code_security(repo: Repository) -> None:
    """As private repositories are unless their owner pays for it: uploads are refused."""
    repo.extras["code_security"] = False


def _problem(log: Any) -> str:
    """What GitHub says later of a log that it took: the version, the tool's name, too many results, no place."""
    if not isinstance(log, dict) or log.get("version") != "2.1.0":
        return "Unsupported SARIF version."
    for run in log.get("runs", ()):
        results = run.get("results", ())
        if not run.get("tool", {}).get("driver", {}).get("name"):
            return "Tool name missing."
        if len(results) > MOST_RESULTS:
            return f"Too many results: {len(results)}."
        if any("message" not in each or not each.get("locations") for each in results):
            return "A result has no message or no location."
    return ""

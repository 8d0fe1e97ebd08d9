"""Actions whose work is done already on this machine, and those that are only recorded."""

import shutil
import sys
from pathlib import Path

from factory.contracts.record import digest
from factory.simulator.runner import shell
from factory.simulator.runner.scope import ActionProblem, Scope
from factory.simulator.runner.standins.call import Call


def setup_python(call: Call) -> str:
    """This machine's Python, whatever version was asked for: said in the log."""
    version = ".".join(str(each) for each in sys.version_info[:3])
    call.job.log.write(f"The simulator's Python is {version}; asked for: {call.input('python-version', 'any')}.")
    call.outputs.update({"python-version": version, "python-path": sys.executable, "cache-hit": "false"})
    return ""


def setup_uv(call: Call) -> str:
    return _there(call, "uv", "uv-path")


def setup_node(call: Call) -> str:
    return _there(call, "node", "node-path")


def _there(call: Call, tool: str, output: str) -> str:
    scope = Scope(call.job, call.job.leg.node.frame.source, {})
    found = shutil.which(tool, path=shell.environment(scope, {}, {})["PATH"])
    if not found:
        raise ActionProblem(f"{tool} is not on this machine: install it, the simulator installs nothing.")
    call.job.log.write(f"The simulator's {tool} is {found}.")
    call.outputs[output] = found
    return ""


def attest(call: Call) -> str:
    """Provenance: which files, by digest; recorded, signed by nobody. Needs `id-token` and `attestations: write`."""
    held = call.job.leg.work.permissions
    for name in ("id-token", "attestations"):
        if held.get(name) != "write":
            raise ActionProblem(f"Resource not accessible by integration: attestations need `{name}: write`.")
    subjects = []
    for line in filter(None, (each.strip() for each in call.input("subject-path").splitlines())):
        subjects += [path for path in sorted(call.workspace.glob(line)) if path.is_file()]
    if not subjects and not call.input("subject-digest"):
        raise ActionProblem("Could not find subject at path " + call.input("subject-path"))
    made = {_shown(call, path): digest(path.read_bytes()) for path in subjects}
    if given := call.input("subject-digest"):
        made[call.input("subject-name")] = given.removeprefix("sha256:")
    call.job.bench.attestations.append(
        {"repo": call.repo.full_name, "run": call.job.github["run_id"], "subjects": made}
    )
    call.outputs["attestation-id"] = str(len(call.job.bench.attestations))
    return ""


def _shown(call: Call, path: Path) -> str:
    return str(path.relative_to(call.workspace))


def publish(call: Call) -> str:
    """Trusted publishing: what would be uploaded, recorded. Needs `id-token: write`."""
    if call.job.leg.work.permissions.get("id-token") != "write":
        raise ActionProblem("Trusted publishing failed: the job needs `id-token: write`.")
    folder = call.workspace / call.input("packages-dir", "dist")
    files = sorted(path for path in folder.glob("*") if path.suffix in (".whl", ".gz"))
    if not files:
        raise ActionProblem(f"It looks like there are no Python distribution packages to publish in {folder.name}.")
    call.job.bench.published += [path.name for path in files]
    call.job.log.write("Would be published: " + ", ".join(path.name for path in files))
    return ""

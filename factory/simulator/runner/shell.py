"""A `run:` step: the script in a file, the shell as GitHub starts it, a closed environment, the runner's files."""

import os
import shlex
import sys
import threading
import time
from pathlib import Path

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json
from factory.simulator.runner import contexts, process
from factory.simulator.runner.commands import MAX_SUMMARY, pairs
from factory.simulator.runner.scope import ActionProblem, JobRun, Killed, Scope

SHELLS = {
    "": "bash -e {0}",
    "bash": "bash --noprofile --norc -eo pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}
FILES = {
    "GITHUB_ENV": "set_env", "GITHUB_OUTPUT": "set_output", "GITHUB_PATH": "add_path", "GITHUB_STATE": "save_state",
    "GITHUB_STEP_SUMMARY": "step_summary",
}  # fmt: skip
SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
FOREVER = 1e9


def run(
    scope: Scope, spec: Json, env: dict[str, str], minutes: float, *, deaf: bool
) -> tuple[str, dict[str, str]]:  # fmt: skip
    """(success, failure or cancelled; the step's outputs). `deaf`: the job was cancelled before it was asked whether
    this step runs, and its `if` said so all the same. Raises Killed."""
    job = scope.job
    defaults = scope.defaults.get("run") or {}
    shell = SHELLS.get(said := str(spec.get("shell") or defaults.get("shell") or ""), said)
    if "{0}" not in shell:
        raise ActionProblem(f"The shell {said!r} is not known here: use bash, sh, python or a command with {{0}}.")
    folder = _folder(scope, spec, env)
    script = job.place.temp / f"step-{job.files + 1}.sh"
    script.write_text(scope.text(spec["run"], env) + "\n", encoding="utf-8")
    job.log.write(f"##[group]Run {script.read_text(encoding='utf-8').strip().splitlines()[0] if spec['run'] else ''}")
    job.log.write(f"shell: {shell}")
    job.log.write("##[endgroup]")
    paths = command_files(job)
    command = [part.replace("{0}", str(script)) for part in shlex.split(shell)]
    deadline = time.monotonic() + (minutes * 60 if minutes else FOREVER)
    cancel = threading.Event() if deaf else job.leg.cancel
    stops = process.Stops(cancel, job.kill, deadline, job.bench.options.patience)
    try:
        ended, group = process.run(command, folder, environment(scope, env, paths), job.log.hear, stops)
    except FileNotFoundError:
        raise ActionProblem(f"{command[0]}: command not found") from None
    job.groups.append(group)
    if ended.why == "killed":
        raise Killed
    return _judge(job, ended, minutes), take_in(job, paths)


def _judge(job: JobRun, ended: process.Ended, minutes: float) -> str:
    if ended.why == "cancelled":
        job.log.note("error", "The operation was canceled.")
        return "cancelled"
    if ended.why == "timeout":
        job.log.note("error", f"The action has timed out after {minutes:g} minutes.")
        return "failure"
    if ended.code:
        job.log.note("error", f"Process completed with exit code {ended.code}.")
    return "failure" if ended.code else "success"


def _folder(scope: Scope, spec: Json, env: dict[str, str]) -> Path:
    said = spec.get("working-directory") or (scope.defaults.get("run") or {}).get("working-directory") or ""
    folder = scope.job.place.workspace / scope.text(said, env)
    if not folder.is_dir():
        raise ActionProblem(f"No such directory: {folder}")
    return folder


def environment(scope: Scope, env: dict[str, str], paths: dict[str, Path]) -> dict[str, str]:
    """Nothing of ours but the folder of this Python, so that `factory` is found."""
    job = scope.job
    own = [str(folder) for folder in job.bench.options.path] + [str(Path(sys.executable).parent)]
    system = [folder for folder in SYSTEM if Path(folder).is_dir()]
    found = {**job.bench.options.environment, **job.env, **scope.overlay, **env}
    found |= contexts.variables(job.github, job.leg, job.place)
    if scope.action:
        found["GITHUB_ACTION_PATH"] = str(scope.action)
    found |= {name: str(path) for name, path in paths.items()}
    return {**found, "PATH": os.pathsep.join([*job.path, *own, *system])}


def command_files(job: JobRun) -> dict[str, Path]:
    """Fresh, empty files for one step."""
    job.files += 1
    folder = job.place.temp / "_runner_file_commands"
    folder.mkdir(exist_ok=True)
    found = {name: folder / f"{stem}_{job.files}" for name, stem in FILES.items()}
    for path in found.values():
        path.touch()
    return found


def take_in(job: JobRun, paths: dict[str, Path]) -> dict[str, str]:
    """What the step wrote: variables and paths for later steps, its summary; returns its outputs."""
    text = {name: path.read_text(encoding="utf-8", errors="replace") for name, path in paths.items()}
    try:
        added = pairs(text["GITHUB_ENV"], "env")
        outputs = pairs(text["GITHUB_OUTPUT"], "output")
    except FactoryError as problem:
        raise ActionProblem(str(problem)) from None
    if "NODE_OPTIONS" in added:
        del added["NODE_OPTIONS"]
        job.log.note("error", "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.")
    job.env |= added
    for line in filter(None, text["GITHUB_PATH"].splitlines()):
        job.path.insert(0, line)
    _summary(job, text["GITHUB_STEP_SUMMARY"])
    return outputs


def _summary(job: JobRun, text: str) -> None:
    """Masked; more than 1 MiB is dropped with an error beside the job, which goes on."""
    size = len(text.encode())
    if size > MAX_SUMMARY:
        job.log.note(
            "error",
            f"$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got {size // 1024}k.",
        )
    else:
        job.leg.work.summary += job.log.masks.hide(text)

"""`--sandbox none`: the same jobs with nothing around them but time and size limits. A person must have typed it."""

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from factory.contracts.errors import SandboxProblem
from factory.contracts.sandbox import Install, Installed, Job, JobResult, Limits
from factory.contracts.tables import SandboxSettings
from factory.files import trusted_folder
from factory.git import Store
from factory.ledger.process import mark
from factory.sandbox import environments, message, system, transport

_FOLDERS = ("work", "out", "deps", "tmp")  # what jobs call /work, /out …
_INSIDE_PATH = re.compile(rf"(?<![\w.~/-])/({'|'.join(_FOLDERS)})(?![\w.-])")
_GRACE = 60.0  # seconds for laying the tree out and collecting /out
_PASSED_ON = ("LANG", "JAVA_HOME", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_INDEX_URL")


class Unconfined:
    """Runs on an exported copy in a temporary folder; paths such as /work in a job's words are translated."""

    def __init__(self, store: Store, state: Path, settings: SandboxSettings,
                 environment: Mapping[str, str] = os.environ) -> None:  # fmt: skip
        self._store = store
        self._settings = settings
        self._environment = environment
        self._state = trusted_folder(state)
        self._envs = environments.Environments(self._state / "envs-none")

    def describe(self) -> str:
        return "none"

    def weaker(self) -> tuple[str, ...]:
        return ("There is no sandbox: the repository's code runs as you, with your files, network and keys.",)

    def run(self, job: Job) -> JobResult:
        """Raises SandboxProblem, GitProblem when the tree cannot be exported."""
        order = message.Order((job.command,), job.env, job.limits, overlay=job.overlay, absent=job.absent)
        return self._start(order, job.tree, self._envs.path(job.deps) if job.deps else None)

    def install(self, install: Install) -> Installed:
        """The same commands with this machine's own network. A failure is in the log."""
        final = self._envs.folder(install.key)

        def fill(building: Path) -> tuple[bool, str]:
            (building / "deps").mkdir()
            final.unlink(missing_ok=True)
            final.symlink_to(building / "deps")  # programs are installed with the path they will have
            try:
                order = message.Order(install.commands, install.env, Limits(seconds=1800, output_mib=1))
                result = self._start(order, install.tree, final)
            finally:
                final.unlink()
            return result.status == "exited" and result.exit_code == 0, result.output

        return self._envs.build(install.key, fill)

    def _start(self, order: message.Order, tree: str, deps: Path | None) -> JobResult:
        with tempfile.TemporaryDirectory(prefix=f"dark-factory-{mark()}-", ignore_cleanup_errors=True) as name:
            places = {folder: Path(name) / folder for folder in (*_FOLDERS, "home")}
            for path in places.values():
                path.mkdir()
            places["deps"] = deps or places["deps"]
            places["bin"] = self._programs()
            placed = replace(
                order,
                commands=tuple(tuple(_translated(word, places) for word in words) for words in order.commands),
                env=self._env(order.env, places),
                rlimits={"core": 0, "fsize": order.limits.file_mib * message.MIB},
                work=str(places["work"]),
                out=str(places["out"]),
            )
            seconds = order.limits.seconds + _GRACE
            answer = transport.exchange(_command, placed, (self._store, tree), seconds, env={}, patience=5.0)
        if not message.started(answer.raw):
            raise SandboxProblem(f"The job did not start: {answer.words or 'no message'}.")
        result = message.unpack(answer.raw)
        if result is not None:
            return result
        return JobResult(status="timeout" if answer.late else "killed", exit_code=137, seconds=seconds, output="")

    def _programs(self) -> Path:
        """python, uv and ruff in a folder that lasts: environments point at it."""
        folder = self._state / "bin-none"
        folder.mkdir(exist_ok=True)
        for tool, path in system.own_programs().items():
            link = folder / tool
            if not link.is_symlink() or link.readlink() != path:
                link.unlink(missing_ok=True)
                link.symlink_to(path)
        return folder

    def _env(self, job: Mapping[str, str], places: Mapping[str, Path]) -> dict[str, str]:
        path = self._environment.get("PATH", "/usr/bin:/bin")
        return {
            **{name: self._environment[name] for name in _PASSED_ON if name in self._environment},
            "PATH": f"{places['deps']}/venv/bin:{places['bin']}:{path}",
            "HOME": str(places["home"]),
            "TMPDIR": str(places["tmp"]),
            "LC_ALL": "C.UTF-8",
            "CI": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **{name: _translated(value, places) for name, value in job.items()},
        }


def _translated(word: str, places: Mapping[str, Path]) -> str:
    return _INSIDE_PATH.sub(lambda match: str(places[match[1]]), word)


def _command(ends: transport.Ends) -> list[str]:
    return [*system.start_words(sys.executable, str(Path(__file__).resolve().parents[2])), *ends.numbers()]

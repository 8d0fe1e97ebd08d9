"""The sandbox: bubblewrap, as root behind a mount namespace and a uid of its own, otherwise as the caller."""

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from factory.contracts.errors import SandboxProblem, Stopped
from factory.contracts.sandbox import Install, Installed, Job, JobResult, Limits
from factory.contracts.tables import SandboxSettings
from factory.files import trusted_folder
from factory.git import Store
from factory.sandbox import cgroup, environments, indexes, launch, message, probe, proxy, seccomp, system, transport
from factory.sandbox.system import Bind

_GRACE = 60.0  # seconds for laying the tree out and for collecting /out, on top of the job's own
_INSTALL_LIMITS = Limits(seconds=1800, memory_mib=8192, processes=1024, file_mib=8192, output_mib=1)
_LEAST_FREE = 1 << 30  # bytes of the disk that an installation may not take
_PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_JAVA = " ".join(f"-D{scheme}.proxyHost=127.0.0.1 -D{scheme}.proxyPort={proxy.PORT}" for scheme in ("http", "https"))


class Bubblewrap:
    """`store` exports the trees, `state` holds the environments, `environment` is the caller's (PATH, indexes).

    `root`: run as root or as the caller; None: as root where that works.
    """

    def __init__(self, store: Store, state: Path, settings: SandboxSettings,
                 environment: Mapping[str, str] = os.environ, root: bool | None = None) -> None:  # fmt: skip
        self._store = store
        self._settings = settings
        self._environment = environment
        self._root = launch.as_root() if root is None else root
        self._envs = environments.Environments(trusted_folder(state) / "envs")

    @cached_property
    def _view(self) -> system.View:
        return system.view(self._environment)

    def describe(self) -> str:
        return probe.describe(self._root)

    def weaker(self) -> tuple[str, ...]:
        return probe.weaker(self._root)

    def run(self, job: Job) -> JobResult:
        """Raises SandboxProblem, Stopped('sandbox_unavailable'), GitProblem when the tree cannot be exported."""
        binds = [Bind(self._envs.path(job.deps), "/deps")] if job.deps else []
        env = {**self._view.env, **job.env}
        order = message.Order((job.command,), env, job.limits, overlay=job.overlay, absent=job.absent)
        return self._start(order, job.tree, binds)

    def install(self, install: Install) -> Installed:
        """Build an environment once, with the package indexes as the only way out. A failure is in the log."""

        def fill(folder: Path) -> tuple[bool, str]:
            for name in ("deps", "tmp", "home"):
                (folder / name).mkdir()
            allowed = indexes.reach(self._environment, self._settings.hosts)
            with proxy.Proxy(allowed) as gate:
                result = self._install(install, folder, allowed, gate.control)
            refused = "".join(f"The sandbox refused a connection to {place}: if the installation needs it, add it to "
                              "sandbox.hosts in your own factory.toml.\n" for place in gate.refused)  # fmt: skip
            worked = result.status == "exited" and result.exit_code == 0
            ended = "" if result.status == "exited" else f"The installation was ended: {result.status}.\n"
            return worked, result.output + ended + refused

        return self._envs.build(install.key, fill)

    def _install(self, install: Install, folder: Path, allowed: indexes.Reach, control: int) -> JobResult:
        """The home and temporary folders lie on the disk here: downloads of gigabytes do not fit into memory."""
        url = f"http://127.0.0.1:{proxy.PORT}"
        env = {**self._view.env, **allowed.env, **dict.fromkeys(_PROXY_NAMES, url), "JAVA_TOOL_OPTIONS": _JAVA}
        binds = [Bind(folder / "deps", "/deps", True), Bind(folder / "tmp", "/tmp", True),  # noqa: S108  (inside)
                 Bind(folder / "home", "/home", True)]  # fmt: skip
        if allowed.certificates is not None:
            binds.append(Bind(allowed.certificates, "/factory/certificates.pem"))
            env |= indexes.certificate_variables("/factory/certificates.pem")
        order = message.Order(
            install.commands, {**env, **install.env}, _INSTALL_LIMITS, open_up="/deps", proxy_port=proxy.PORT
        )
        return self._start(order, install.tree, binds, control, lambda: _disk_low(folder))

    def _start(self, order: message.Order, tree: str, binds: Sequence[Bind], control: int = -1,
               enough: Callable[[], str] = str) -> JobResult:  # fmt: skip
        if launch.bubblewrap() is None:
            raise Stopped("sandbox_unavailable", probe.probe(self._root).remedy)
        limits = order.limits
        with contextlib.ExitStack() as stack:
            group = cgroup.create(limits) if self._root else None
            if group is not None:
                stack.callback(group.end)
            root = launch.AsRoot(launch.unused_uid(), group.joins() if group else ()) if self._root else None
            if root:
                _give([bind.source for bind in binds if bind.writable], root.uid)
            placed = replace(
                order,
                disks=("/work",) if root else tuple({*launch.SCRATCH} - {bind.target for bind in binds}),
                watch_memory=group is None,
                rlimits=_rlimits(limits, count=root is not None or launch.counts_by_namespace()),
            )
            answer = transport.exchange(
                lambda ends: launch.command(self._view, binds, limits, ends, root),
                placed,
                (self._store, tree),
                limits.seconds + _GRACE,
                env={"PATH": launch.SYSTEM_PATH} if root else {},
                control=control,
                attach={**system.FILES, **({"seccomp": seccomp.program()} if seccomp.supported() else {})},
                enough=lambda: "oom" if group and group.out_of_memory() else enough(),
            )
            return self._judge(answer, limits, group is not None and group.out_of_memory())

    def _judge(self, answer: transport.Answer, limits: Limits, out_of_memory: bool) -> JobResult:
        """What the answer means, together with what the kernel counted."""
        if not message.started(answer.raw):
            found = probe.probe(self._root)
            if not found.works:
                raise Stopped("sandbox_unavailable", found.remedy)
            raise SandboxProblem(f"The sandbox did not start: {answer.words or 'no message'}.")
        result = message.unpack(answer.raw)
        if result is None:
            status = "oom" if out_of_memory else "timeout" if answer.late else "killed"
            code = 124 if status == "timeout" else 137
            return JobResult(status=status, exit_code=code, seconds=limits.seconds, output="")
        if out_of_memory and result.status == "exited":
            return result.but(status="oom", exit_code=137)
        return result


def _give(folders: Sequence[Path], uid: int) -> None:
    for folder in folders:
        os.chown(folder, uid, uid)


def _disk_low(folder: Path) -> str:
    return "enospc" if shutil.disk_usage(folder).free < _LEAST_FREE else ""


def _rlimits(limits: Limits, count: bool) -> dict[str, int]:
    """Per process, in the units of setrlimit(2). `count`: whether a limit on processes would count only the job's."""
    return {
        **({"nproc": limits.processes} if count else {}),
        "core": 0,
        "fsize": limits.file_mib * 1024 * 1024,
        "nofile": 4096,
        "cpu": int(limits.seconds) * (os.cpu_count() or 1) + 10,
    }

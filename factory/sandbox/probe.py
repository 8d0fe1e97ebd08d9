"""Whether a sandbox really starts on this machine, and what to do when it does not. For `factory doctor`."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from factory.contracts.record import Record
from factory.sandbox import cgroup, launch, seccomp

_INSTALL = (
    "bubblewrap is not installed: install it (apt-get install bubblewrap, dnf install bubblewrap, "
    "pacman -S bubblewrap), or type --sandbox none to run the tests without any protection."
)
_UTIL_LINUX = "Started as root the sandbox needs {tools}: install util-linux, or run the factory as an ordinary user."
_APPARMOR = (
    "AppArmor keeps bubblewrap from making user namespaces: as root run `printf 'abi <abi/4.0>,\\ninclude "
    "<tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }\\n' > /etc/apparmor.d/bwrap && "
    "apparmor_parser -r /etc/apparmor.d/bwrap`."
)
_USERNS = "User namespaces are switched off: run `sysctl -w {name}` as root."
_CONTAINER = (
    "bubblewrap cannot start here ({words}): in a container, allow it namespaces (docker run --security-opt "
    "seccomp=unconfined --security-opt apparmor=unconfined --cap-add SYS_ADMIN), or use the machine itself."
)


class Probe(Record):
    """`works` says that a trivial sandbox ran; if not, `remedy` is one sentence on what to do."""

    works: bool
    description: str  # as in the pull request: "bubblewrap (root)", "bubblewrap (user)", "none"
    version: str = ""
    remedy: str = ""
    weaker: tuple[str, ...] = ()


def probe(root: bool | None = None) -> Probe:
    """Start a trivial sandbox and say how it went."""
    root = launch.as_root() if root is None else root
    kind = describe(root)
    tools = launch.bubblewrap()
    if tools is None:
        return Probe(works=False, description=kind, remedy=_INSTALL)
    missing = [tool for tool in ("unshare", "setpriv", "mount") if root and not shutil.which(tool)]
    if missing:
        return Probe(works=False, description=kind, remedy=_UTIL_LINUX.format(tools=" and ".join(missing)))
    version = ".".join(map(str, tools.version))
    words = _try(root, tools.bwrap)
    if words is None:
        return Probe(works=True, description=kind, version=version, weaker=weaker(root))
    return Probe(works=False, description=kind, version=version, remedy=_remedy(words))


def describe(root: bool) -> str:
    return "bubblewrap (root)" if root else "bubblewrap (user)"


def weaker(root: bool) -> tuple[str, ...]:
    """What the sandbox does not guarantee here, one sentence each."""
    found = []
    tools = launch.bubblewrap()
    if not root:
        found.append("Not started as root: tests run under your own user id, in a namespace of their own.")
        found.append("Not started as root: files are bounded in bytes for each writable folder, not in number.")
        if not launch.counts_by_namespace():
            found.append("Linux is older than 5.14: the number of processes is bounded by memory and time alone.")
    if not root or not cgroup.available():
        found.append("No control group: memory is watched twenty times a second and not bounded by the kernel.")
    if tools is not None and tools.version < (0, 8):
        found.append("bubblewrap is older than 0.8: nested namespaces are refused by the system call filter alone.")
    if tools is not None and tools.version < (0, 7) and not root:
        found.append("bubblewrap is older than 0.7: the disk is bounded by the memory limit alone.")
    if not seccomp.supported():
        found.append("There is no system call filter for this processor.")
    return tuple(found)


def _try(root: bool, bwrap: str) -> str | None:
    """None when it works, else the launcher's last words."""
    start: Sequence[str] = [
        bwrap, "--unshare-all", "--unshare-user", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc",
        "--dev", "/dev", "--", "/bin/true",
    ]  # fmt: skip
    if root:
        uid = str(launch.unused_uid())
        start = ["unshare", "-m", "--", "setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "--", *start]
    env = {"PATH": launch.SYSTEM_PATH} if root else {}
    done = subprocess.run(start, env=env, cwd="/", capture_output=True, text=True, check=False, timeout=30)
    return None if done.returncode == 0 else done.stderr.strip()[-300:]


def _remedy(words: str) -> str:
    if _reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return _APPARMOR
    if _reads("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        return _USERNS.format(name="kernel.unprivileged_userns_clone=1")
    if _reads("/proc/sys/user/max_user_namespaces") == "0":
        return _USERNS.format(name="user.max_user_namespaces=15000")
    return _CONTAINER.format(words=words or "no message")


def _reads(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""

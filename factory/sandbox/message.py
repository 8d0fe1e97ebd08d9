"""The two messages across the sandbox's wall: what to do (in), what came of it (out).

In: 4 bytes length, JSON, then the overlay's bytes in the JSON's order. Out: the byte `R` when the inside is up, then
4 bytes length, JSON, then head, tail and files. What comes out was made next to hostile code, so every size, name
and type is checked and nothing of it is written to a disk.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from factory.contracts.errors import SandboxProblem
from factory.contracts.sandbox import JobResult, JobStatus, Limits
from factory.sandbox.inside import leftovers

_STATUSES = ("exited", "timeout", "oom", "enospc")
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS, SOS, PM, APC: titles, clipboard
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
MIB = 1024 * 1024


@dataclass(frozen=True)
class Order:
    """What the inside is asked to do, and where things are from its point of view."""

    commands: tuple[tuple[str, ...], ...]
    env: Mapping[str, str]
    limits: Limits
    rlimits: Mapping[str, int] = field(default_factory=dict)
    work: str = "/work"
    out: str = "/out"
    disks: tuple[str, ...] = ()
    watch_memory: bool = False
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    open_up: str = ""  # a folder to make readable for every user at the end
    proxy_port: int = 0  # where to listen for the host's proxy; 0: nowhere

    def output_bytes(self) -> int:
        return self.limits.output_mib * MIB

    def answer_bytes(self) -> int:
        """The most a well-formed answer can be."""
        return self.output_bytes() + leftovers.BYTES + leftovers.FILES * 5000


def anonymous(data: bytes) -> int:
    """A descriptor, to hand over and close, of a nameless file that holds `data`."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return os.dup(file.fileno())


def pack(order: Order) -> bytes:
    header = {
        "commands": order.commands,
        "env": dict(order.env),
        "seconds": order.limits.seconds,
        "limits": dict(order.rlimits),
        "output_bytes": order.output_bytes(),
        "watch_mib": order.limits.memory_mib if order.watch_memory else 0,
        "work": order.work,
        "cwd": order.work,
        "out": order.out,
        "disks": order.disks,
        "overlay": [[path, len(data)] for path, data in order.overlay.items()],
        "absent": order.absent,
        "open_up": order.open_up,
        "proxy_port": order.proxy_port,
    }
    raw = json.dumps(header).encode()
    return b"".join([len(raw).to_bytes(4, "big"), raw, *order.overlay.values()])


def started(raw: bytes) -> bool:
    return raw[:1] == b"R"


def unpack(raw: bytes) -> JobResult | None:
    """The result in an answer; None when it is cut short (the inside was ended). Raises SandboxProblem."""
    size = int.from_bytes(raw[1:5], "big")
    if len(raw) < 5 or len(raw) < 5 + size:
        return None
    try:
        header = json.loads(raw[5 : 5 + size])
    except ValueError:
        raise SandboxProblem("The sandbox sent an unreadable result: run it again.") from None
    if not isinstance(header, dict):
        raise SandboxProblem("The sandbox sent an unreadable result: run it again.")
    if header.get("status") == "broken":
        raise SandboxProblem(f"The sandbox could not start the job: {str(header.get('error'))[:500]}.")
    try:
        return _result(header, raw[5 + size :])
    except (KeyError, TypeError, ValueError) as error:
        raise SandboxProblem(f"The sandbox sent a result that is not one ({error}): run it again.") from None


def _result(header: dict[str, Any], body: bytes) -> JobResult | None:
    head, tail, left_out = (_size(header[name]) for name in ("head", "tail", "left_out"))
    names = [(_name(name), _size(size)) for name, size in header["files"]]
    if len(body) < head + tail + sum(size for _, size in names):
        return None
    if header["status"] not in _STATUSES:
        raise ValueError("status")
    files, at = {}, head + tail
    for name, size in names:
        files[name] = body[at : at + size]
        at += size
    return JobResult(
        status=cast(JobStatus, header["status"]),
        exit_code=_size(header["exit_code"]),
        seconds=float(header["seconds"]),
        output=text(body[:head], body[head : head + tail], left_out),
        truncated=left_out > 0 or header["files_left_out"] is True,
        files=files,
    )


def _size(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError("size")
    return value


def _name(value: object) -> str:
    """A relative path of printable text; the host uses it as a key, never as a path."""
    if not isinstance(value, str) or not value or len(value) > 4096 or value.startswith("/"):
        raise ValueError("file name")
    if ".." in value.split("/") or "\0" in value:
        raise ValueError("file name")
    return value.encode("utf-8", "replace").decode()


def text(head: bytes, tail: bytes = b"", left_out: int = 0) -> str:
    """Output fit to print: decoded with replacement, without escapes and control characters."""
    if not left_out:
        return _clean(head + tail)
    return f"{_clean(head)}\n[... {left_out} bytes left out ...]\n{_clean(tail)}"


def _clean(raw: bytes) -> str:
    plain = _ESCAPES.sub("", raw.decode("utf-8", "replace"))
    return _CONTROLS.sub("", plain.replace("\r\n", "\n").replace("\r", "\n"))

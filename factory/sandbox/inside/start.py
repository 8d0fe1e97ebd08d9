"""The first process in the sandbox: lays out the tree, runs the commands, sends one result message back.

Standard library only; started by `factory.sandbox.system.start_words` with five descriptors (-1 = none). It is
process 1 there, so nothing inside can kill it, and it makes itself undumpable, so nothing inside can open its
descriptors and forge a result. The formats of SPEC and RESULT stand in `factory/sandbox/message.py`.
"""

import ctypes
import json
import os
import time
from typing import IO, Any

from factory.sandbox.inside import command, leftovers, tree

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
Message = tuple[dict[str, Any], list[bytes]]


def protect() -> None:
    """Nobody may read our memory or descriptors; orphans of the command come to us."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) or library.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def listen(control: int, port: int) -> None:
    """Give the host a listening socket of this network namespace: its proxy answers there."""
    import socket  # costs a tenth of a start, and only installations need it

    with socket.socket(fileno=control) as host, socket.create_server(("127.0.0.1", port)) as server:
        socket.send_fds(host, [b"L"], [server.fileno()])


def commands(spec: dict[str, Any], output: command.Tail, stop: int) -> tuple[str, int]:
    """Run them in order until one fails: (status, exit code)."""
    watch, deadline = command.Watch(spec, stop), time.monotonic() + spec["seconds"]
    status, code = "exited", 0
    for words in spec["commands"]:
        status, code = command.run(words, spec, output, watch, deadline)
        if status != "exited" or code:
            break
    return ("enospc" if status == "exited" and code and watch.full else status), code


def work(spec: dict[str, Any], blob: IO[bytes], tar: int, control: int, stop: int) -> Message:
    """Everything between the ready byte and the result."""
    output, began = command.Tail(spec["output_bytes"]), time.monotonic()
    try:
        tree.lay_out(spec, blob, tar)
        if control >= 0:
            listen(control, spec["proxy_port"])
        began = time.monotonic()
        status, code = commands(spec, output, stop)
    except tree.Full:
        status, code = "enospc", 1
        output.add(b"The tree does not fit into the sandbox's disk: raise checks.limits.disk_mib or inodes.\n")
    seconds = time.monotonic() - began
    if spec["open_up"]:
        leftovers.open_up(spec["open_up"])
    files, skipped = leftovers.collect(spec["out"])
    head, tail = bytes(output.head), output.tail()
    header = {
        "status": status,
        "exit_code": code,
        "seconds": seconds,
        "head": len(head),
        "tail": len(tail),
        "left_out": output.total - len(head) - len(tail),
        "files_left_out": skipped,
        "files": [[name, len(data)] for name, data in files],
    }
    return header, [head, tail, *(data for _, data in files)]


def send(result: int, header: dict[str, Any], blobs: list[bytes]) -> None:
    raw = json.dumps(header).encode()
    for part in (len(raw).to_bytes(4, "big"), raw, *blobs):
        view = memoryview(part)
        while view:
            view = view[os.write(result, view) :]


def main(arguments: list[str]) -> None:
    """`arguments`: SPEC, TAR, RESULT, CONTROL, STOP."""
    spec_file, tar, result, control, stop = map(int, arguments)
    protect()
    os.write(result, b"R")
    try:
        with os.fdopen(spec_file, "rb") as blob:
            spec = json.loads(blob.read(int.from_bytes(blob.read(4), "big")))
            header, blobs = work(spec, blob, tar, control, stop)
    except Exception as error:  # noqa: BLE001  (the sandbox's edge: what went wrong travels as a message)
        header, blobs = {"status": "broken", "error": f"{type(error).__name__}: {error}"}, []
    send(result, header, blobs)

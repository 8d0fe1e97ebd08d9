"""`factory` without its start-up: a server that has imported everything forks for each call of the command.

The jobs of a simulated week start `factory` some thousand times, and most of each start is imports. In a folder before
the others on PATH, `factory` is a small client here: it hands arguments, environment, folder and its open files to the
server, whose fork runs the very same `main`. Signals go through, and a client that dies takes its fork along.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

PATIENCE = 60.0  # seconds until the server must listen
CLIENT = """#!{python} -IS
import os, signal, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({socket!r})
words = [os.getcwd(), str(len(sys.argv) - 1), *sys.argv[1:], *(f"{{k}}={{v}}" for k, v in os.environ.items())]
head = "\\0".join(words).encode("utf-8", "surrogateescape")
socket.send_fds(line, [len(head).to_bytes(8, "big")], [0, 1, 2])
line.sendall(head)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: line.send(bytes([number])))
code = line.recv(1)
sys.exit(code[0] if code else 3)
"""


@contextlib.contextmanager
def warm(folder: Path) -> Iterator[Path]:
    """A folder for PATH that holds such a `factory`. The server ends with the block."""
    folder.mkdir(parents=True)
    listening = folder / "warm.socket"
    (folder / "bin").mkdir()
    command = folder / "bin" / "factory"
    command.write_text(CLIENT.format(python=sys.executable, socket=str(listening)))
    command.chmod(0o755)
    server = subprocess.Popen([sys.executable, "-m", "tests.simulator.warm", str(listening)], stdout=subprocess.PIPE)
    assert server.stdout
    try:
        assert server.stdout.readline() == b"ready\n", "the server of forks did not start"
        yield folder / "bin"
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


def load() -> None:
    """Everything that a command may import."""
    import importlib
    import pkgutil

    import agents
    import factory
    from factory.cli.main import build

    aside = ("factory.simulator", "factory.gpu", "factory.rented", "factory.serve")
    for package in (factory, agents):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(aside) and "inside" not in found.name and "__main__" not in found.name:
                importlib.import_module(found.name)
    for name in ("github", "openai", "httpx", "jinja2", "detect_secrets", "nacl.signing", "yaml"):
        importlib.import_module(name)
    build()


def serve(path: str) -> None:
    load()
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as door, selectors.DefaultSelector() as at:
        door.bind(path)
        door.listen(64)
        at.register(door, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in at.select():
                if key.fileobj is door:
                    _begin(door.accept()[0], door, at)
                else:
                    key.data(key)


def _begin(line: socket.socket, door: socket.socket, at: selectors.BaseSelector) -> None:
    size, files, _, _ = socket.recv_fds(line, 8, 3)
    head = b""
    while len(head) < int.from_bytes(size, "big"):
        head += line.recv(1 << 20)
    child = os.fork()
    if not child:
        for each in (door, line):
            each.close()
        at.close()
        _become(head.decode("utf-8", "surrogateescape").split("\0"), files)
    for each in files:
        os.close(each)
    ended = os.pidfd_open(child)
    at.register(ended, selectors.EVENT_READ, lambda key: _over(child, ended, line, at))
    at.register(line, selectors.EVENT_READ, lambda key: _heard(child, line, at))


def _heard(child: int, line: socket.socket, at: selectors.BaseSelector) -> None:
    """A signal for the fork; the end of the client is the fork's, too."""
    said = line.recv(1)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, said[0] if said else signal.SIGKILL)
    if not said:
        at.unregister(line)


def _over(child: int, ended: int, line: socket.socket, at: selectors.BaseSelector) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    at.unregister(ended)
    os.close(ended)
    with contextlib.suppress(KeyError):
        at.unregister(line)
    with line, contextlib.suppress(OSError):
        line.send(bytes([code if code >= 0 else 128 - code]))


def _become(words: list[str], files: list[int]) -> NoReturn:
    """The fork: another process's folder, environment and files; then the command, as its script would run it."""
    folder, count, rest = words[0], int(words[1]), words[2:]
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(entry.split("=", 1) for entry in rest[count:])
    sys.argv = ["factory", *rest[:count]]
    from factory.cli.main import main

    code = 3
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1 if end.code else 0
    except BaseException:  # noqa: BLE001  the fork's edge: as Python ends a program
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])

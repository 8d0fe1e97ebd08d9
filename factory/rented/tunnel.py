"""An SSH tunnel to a rented machine's model server, as a process that is watched."""

import http.client
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from factory.rented.seam import RentalProblem

REMOTE_PORT = 8000
OPENS_S = 20.0
OPTIONS = (
    "BatchMode=yes",  # no question is ever answered
    "ExitOnForwardFailure=yes",
    "ConnectTimeout=15",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ForwardAgent=no",
    "PermitLocalCommand=no",
)


def argv(host: str, port: int, ssh: Sequence[str] = ("ssh",)) -> tuple[str, ...]:
    """`host` is an entry of SkyPilot's ssh configuration: the machine's label. Forwards loopback to loopback."""
    if host.startswith("-"):
        raise RentalProblem(f"{host!r} is no host.")
    options = [part for option in OPTIONS for part in ("-o", option)]
    return (*ssh, "-N", "-T", *options, "-L", f"127.0.0.1:{port}:127.0.0.1:{REMOTE_PORT}", "--", host)


class Tunnel:
    """Closed until `open`; safe to open again after it fell."""

    def __init__(self, host: str, log: Path, ssh: Sequence[str] = ("ssh",)) -> None:
        self._host = host
        self._log = log
        self._ssh = ssh
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def open(self) -> None:
        """Returns when the port takes connections. Raises RentalProblem with what ssh said."""
        if self.alive():
            return
        self.close()
        self.port = self.port or _free_port()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                argv(self._host, self.port, self._ssh), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + OPENS_S
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        self.close()
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise RentalProblem(f"The tunnel to {self._host} does not open: {said[-1] if said else 'ssh says nothing'}")

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def answers(self, timeout_s: float = 5.0) -> bool:
        """Does the model's server answer through it?"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port

"""The tunnel's process, with a forwarder of our own in ssh's place."""

import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from factory.rented.seam import RentalProblem
from factory.rented.tunnel import REMOTE_PORT, Tunnel, argv

FORWARD = Path(__file__).with_name("forward.py")


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def ssh() -> Iterator[tuple[str, ...]]:
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield ("env", f"FORWARD_TO={server.server_port}", sys.executable, str(FORWARD))
    server.shutdown()
    server.server_close()


def test_it_forwards_loopback_to_loopback_and_asks_nothing() -> None:
    words = argv("dark-factory-00c0ffee-big", 4711)
    assert words[:2] == ("ssh", "-N")
    assert words[words.index("-L") + 1] == f"127.0.0.1:4711:127.0.0.1:{REMOTE_PORT}"
    assert words[-2:] == ("--", "dark-factory-00c0ffee-big")
    assert "BatchMode=yes" in words
    with pytest.raises(RentalProblem):
        argv("-oProxyCommand=evil", 1)


def test_the_model_s_server_answers_through_it_also_after_it_fell(tmp_path: Path, ssh: tuple[str, ...]) -> None:
    tunnel = Tunnel("dark-factory-00c0ffee-big", tmp_path / "ssh.log", ssh)
    tunnel.open()
    port = tunnel.port
    assert tunnel.answers(timeout_s=30)
    assert tunnel._process is not None
    os.kill(tunnel._process.pid, 9)
    tunnel._process.wait()
    assert not tunnel.alive()
    assert not tunnel.answers()
    tunnel.open()
    assert tunnel.port == port
    assert tunnel.answers(timeout_s=30)
    tunnel.close()
    assert not tunnel.alive()


def test_what_ssh_said_is_told(tmp_path: Path, ssh: tuple[str, ...]) -> None:
    with pytest.raises(RentalProblem, match="Could not resolve hostname"):
        Tunnel("dark-factory-unreachable", tmp_path / "ssh.log", ssh).open()

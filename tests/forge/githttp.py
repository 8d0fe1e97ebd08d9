"""A git server over HTTP on loopback: git's own http-backend behind a token, with faults on demand."""

import base64
import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

TOKEN = "t0ken"


@dataclass
class GitServer:
    """`faults`: for the next pushes, each "lost" (done, but no answer), "down" (503), "forbidden" (403) or ""."""

    folder: Path
    url: str = ""
    faults: list[str] = field(default_factory=list)
    pushes: int = 0
    tokens: set[str] = field(default_factory=lambda: {TOKEN})

    def remote(self, name: str) -> str:
        return f"{self.url}/{name}.git"

    def repo(self, name: str) -> Path:
        path = self.folder / f"{name}.git"
        if not path.exists():
            subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
            subprocess.run(["git", "-C", str(path), "config", "http.receivepack", "true"], check=True)
        return path


class _Server(ThreadingHTTPServer):
    state: GitServer


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        state = self.server.state
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization", "") not in {_basic(token) for token in state.tokens}:
            self._plain(401)
            return
        path, _, query = self.path.partition("?")
        push = path.endswith("git-receive-pack")
        state.pushes += push
        fault = state.faults.pop(0) if push and state.faults else ""
        if fault in ("down", "forbidden"):
            self._plain(503 if fault == "down" else 403)
            return
        head, body = self._backend(path, query, raw)
        if fault == "lost":
            self.connection.close()
            return
        self.send_response(int(head.pop("Status", "200 OK").split()[0]))
        for name, value in head.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _backend(self, path: str, query: str, raw: bytes) -> tuple[dict[str, str], bytes]:
        env = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.server.state.folder), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "x",
            "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(raw)), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], input=raw, env=env, capture_output=True, check=False)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        rows = (line.partition(": ") for line in head.decode().splitlines())
        return {name: value for name, _, value in rows if name}, body

    def _plain(self, status: int) -> None:
        self.send_response(status)
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def _basic(token: str) -> str:
    return f"Basic {base64.b64encode(f'x-access-token:{token}'.encode()).decode()}"


@contextlib.contextmanager
def git_server(folder: Path) -> Iterator[GitServer]:
    http = _Server(("127.0.0.1", 0), _Handler)
    http.state = GitServer(folder, f"http://127.0.0.1:{http.server_port}")
    thread = Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield http.state
    finally:
        http.shutdown()
        http.server_close()
        thread.join()

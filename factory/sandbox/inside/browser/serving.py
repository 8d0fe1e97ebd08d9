"""Where the page comes from: the tree as files on loopback, or a server that the owner named, started here."""

import contextlib
import http.server
import os
import socket
import subprocess
import threading
import time
from typing import Any
from urllib.parse import quote

WORK, HERE, LOG = "/work", "127.0.0.1", "/tmp/factory-server.log"
SIGNS = "/?&=#%+,;:@!$'()*~"


class Files(http.server.SimpleHTTPRequestHandler):
    """Files of the tree only; nothing that a link leads out to, no listings."""

    def send_head(self) -> Any:
        path = os.path.realpath(self.translate_path(self.path))
        if not path.startswith(f"{WORK}/") or not os.path.isfile(path):
            self.send_error(404)
            return None
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def serve(page: str, command: str, port: int, seconds: float) -> tuple[str, str]:
    """(the page's address, why there is none). Without a command: the tree's files."""
    if not command:
        return f"http://{HERE}:{_files()}/{quote(page, safe=SIGNS)}", ""
    with open(LOG, "wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, "PORT": str(port)},
        )  # fmt: skip
    until = time.monotonic() + seconds
    why = f"it did not answer on port {port} within {seconds:g} seconds"
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((HERE, port), 1):
            return f"http://{HERE}:{port}/{quote(page.lstrip('/'), safe=SIGNS)}", ""
        if process.poll() not in (None, 0):  # 0: it went into the background
            why = f"it ended with exit code {process.returncode}"
            break
        time.sleep(0.05)
    with open(LOG, "rb") as file:
        words = file.read(1 << 20)[-600:].decode(errors="replace").strip()
    return "", f"the server cannot be reached: {why}. It said: {words or 'nothing'}"


def _files() -> int:
    """The port of a server of the tree."""

    class Handler(Files):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=WORK)

    server = http.server.ThreadingHTTPServer((HERE, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port

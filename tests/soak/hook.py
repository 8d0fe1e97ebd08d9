"""An owner's webhook beside the GitHub double: what it gets is an effect like any other, to die at."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.soak.deaths import Deaths


class Hook:
    """Listens until it is closed. `heard`: each payload with the key that came beside it."""

    def __init__(self, deaths: Deaths) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                moment = deaths.elsewhere("POST", "/hook")
                if moment == "before":
                    deaths.kill_latest()
                    return
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.heard.append((self.headers["Idempotency-Key"], body))
                if moment == "inside":
                    deaths.kill_latest()
                    return
                with contextlib.suppress(OSError):
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

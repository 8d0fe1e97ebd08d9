"""Stand-ins for `ollama serve` and `llama-server`, as far as the factory asks them: a real process, told apart by argv.

Ollama has one model, "tiny", which takes no time to load; "stuck" loads and does not go again. llama-server answers 503
to its first two questions, as it does while it loads.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

loaded: list[str] = []
asked: list[str] = []


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        return

    def send(self, status: int, value: object) -> None:
        raw = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


class Ollama(Answer):
    def do_GET(self) -> None:
        if self.path == "/api/ps":
            return self.send(200, {"models": [{"name": f"{name}:latest", "size_vram": 1} for name in loaded]})
        return self.send(200, {"version": "0.99.1"}) if self.path == "/api/version" else self.send(404, "")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if body["model"] not in ("tiny", "stuck"):
            return self.send(404, {"error": f"model '{body['model']}' not found"})
        if body["keep_alive"] == 0 and body["model"] == "tiny":
            loaded.clear()
        elif not loaded:
            loaded.append(body["model"])
        return self.send(200, {"model": body["model"], "done": True})


class Llama(Answer):
    def do_GET(self) -> None:
        asked.append(self.path)
        if self.path == "/health" and len(asked) <= 2:
            return self.send(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
        answers = {"/health": {"status": "ok"}, "/props": {"build_info": "b9999-abc"}}
        metrics = "# TYPE llamacpp:requests_processing gauge\nllamacpp:requests_processing 2\n"
        return self.send(200, metrics if self.path == "/metrics" else answers.get(self.path, {}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        host, port = os.environ["OLLAMA_HOST"].split(":")
        server = ThreadingHTTPServer((host, int(port)), Ollama)
    else:
        port = sys.argv[sys.argv.index("--port") + 1]
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), Llama)
    server.serve_forever()

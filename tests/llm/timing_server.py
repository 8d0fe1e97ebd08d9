"""An OpenAI-wire endpoint over real HTTP whose speed is known: for tests of what measures endpoints."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any

STEP = 4  # tokens of one event


@dataclass
class Speed:
    """Seconds are kept by the clock, not added up, so that a late thread does not slow the rest."""

    base_s: float = 0.05
    prefill: float = 100_000.0  # tokens/s of a prompt that is new
    decode: float = 200.0  # tokens/s of one answer
    longest: int = 80  # tokens of an answer
    context: int = 131_072
    usage: bool = True
    models: bool = True
    status: int = 200  # of every answer
    reasoning: bool = False
    empty: bool = False
    seen: set[str] = field(default_factory=set)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def tokens_of(prompt: str) -> int:
    return len(prompt.split()) + prompt.count(".")


class Handler(BaseHTTPRequestHandler):
    """Answers at `speed`, which each server sets in a subclass of its own."""

    speed: Speed
    protocol_version = "HTTP/1.0"  # the end of the connection ends the stream

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        speed = self.speed
        if not speed.models:
            return self.put(404, {"error": {"message": "no such page"}})
        model = {"id": "m", "object": "model", "created": 0, "owned_by": "vllm", "max_model_len": speed.context}
        return self.put(200, {"object": "list", "data": [model]})

    def do_POST(self) -> None:
        begun, speed = monotonic(), self.speed
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        speed.bodies.append(body)
        speed.keys.append(self.headers.get("authorization", ""))
        prompt = body["messages"][0]["content"]
        size, many = tokens_of(prompt), min(body["max_tokens"], speed.longest)
        if speed.status != 200:
            return self.put(speed.status, {"error": {"message": "no, not now", "type": "x"}})
        if size + body["max_tokens"] > speed.context:
            words = f"This model's maximum context length is {speed.context} tokens."
            return self.put(400, {"error": {"message": words, "type": "BadRequestError"}})
        wait = speed.base_s + (0 if prompt in speed.seen else size / speed.prefill)
        speed.seen.add(prompt)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.event({"role": "assistant", "content": ""})  # a sign of life is no token
        for done in range(0, 0 if speed.empty else many, STEP):
            sleep(max(0.0, begun + wait + done / speed.decode - monotonic()))
            self.event({"reasoning_content" if speed.reasoning else "content": "word " * STEP})
        self.event({}, "stop")
        if speed.usage and body.get("stream_options", {}).get("include_usage"):
            self.line({"choices": [], "usage": {"prompt_tokens": size, "completion_tokens": many,
                                                "total_tokens": size + many}})  # fmt: skip
        self.wfile.write(b"data: [DONE]\n\n")
        return None

    def event(self, delta: dict[str, str], finish: str | None = None) -> None:
        self.line({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def line(self, facts: dict[str, Any]) -> None:
        whole = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", **facts}
        self.wfile.write(f"data: {json.dumps(whole)}\n\n".encode())
        self.wfile.flush()

    def put(self, status: int, facts: dict[str, Any]) -> None:
        raw = json.dumps(facts).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def timed_server(speed: Speed) -> Iterator[str]:
    """Its address, with /v1."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Timed", (Handler,), {"speed": speed}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

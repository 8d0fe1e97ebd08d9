"""A stand-in for `vllm serve`: a real process on a real port that starts in milliseconds and fails when told to.

    ModelSettings(engine="vllm", program=(sys.executable, "-S", str(PATH)), model="any", gib=8, args=("--fake-…",))

Speaks /health, /version, /v1/models, /v1/chat/completions and /v1/messages (whole and streamed), /metrics, and with
VLLM_SERVER_DEV_MODE=1 /sleep, /wake_up, /is_sleeping, /collective_rpc. Prints a boot log as vLLM does. A token is a
word; an answer is the last message's words, over and over. Asleep, it takes requests and answers them when awake, as
vLLM does; those under way end with finish_reason "abort". GET /fake/asked lists the last messages it was asked, in
order. It knows vLLM's flags --port --host --served-model-name --max-model-len --enable-sleep-mode; others are ignored.

    --fake-start-s S         takes so long to start             --fake-tokens N       words of an answer (8)
    --fake-first-s S         time to the first word             --fake-token-s S      time between words
    --fake-kv-tokens N       printed size of the KV cache       --fake-version V      what /version says
    --fake-crash WHY         dies at start: oom, pool, arguments, missing, silent, killed (SIGKILL)
    --fake-crash-after N     dies (SIGKILL) in the middle of the answer to request N+1
    --fake-hang-after N      /health does not answer any more after N requests
    --fake-dead-after N      /health says 503 after N requests, as vLLM does when its engine's core is gone
    --fake-sleep-fails N     the first N sleeps end with 500    --fake-wake-fails N   the first N wakes end with 500
    --fake-sleep-s S         a sleep takes so long              --fake-wake-s S       a wake takes so long
    --fake-gib G             memory on each card, awake         --fake-leak-gib G     memory kept while asleep
    --fake-lines N           log lines printed for a request    --fake-children N     child processes, as EngineCore is
    --fake-stubborn          it and its children ignore SIGTERM
    --fake-residue-gib G     memory on each card that stays used when it is gone

Memory is held on the device double that FACTORY_DEVICE names, if it does. A wake that fails keeps half of it.
"""

import argparse
import json
import os
import signal
import socket
import threading
import time

from fake_answers import Chat, Messages
from fake_boot import boot, hold, read_flags, say

DEVELOPER = ("/sleep", "/wake_up", "/is_sleeping", "/collective_rpc", "/reset_prefix_cache")
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}


class State:
    def __init__(self, flags: argparse.Namespace) -> None:
        self.flags = flags
        self.lock = threading.Condition()
        self.asleep = False
        self.naps = 0  # a request under way ends when this changes
        self.sleeps = self.wakes = self.running = self.waiting = 0
        self.asked: list[str] = []
        self.prompt = self.output = self.hits = 0
        self.held = 0  # words in flight
        self.seen: set[int] = set()  # hashes of prefixes, 16 words apart


def words_of(content: object) -> list[str]:
    if isinstance(content, list):
        content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "").split()


class Conversation(threading.Thread):
    """One connection; requests follow each other on it."""

    def __init__(self, link: socket.socket, state: State) -> None:
        super().__init__(daemon=True)
        self.link, self.state, self.flags = link, state, state.flags

    def run(self) -> None:
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.link, self.link.makefile("rb") as stream:
            try:
                while line := stream.readline():
                    method, target = line.decode().split(" ")[:2]
                    headers = {}
                    while (header := stream.readline()).strip():
                        name, _, value = header.decode().partition(":")
                        headers[name.lower()] = value.strip()
                    body = stream.read(int(headers.get("content-length", 0)))
                    self.answer(method, target, body)
            except (OSError, ValueError):
                return

    def answer(self, method: str, target: str, body: bytes) -> None:
        path, _, query = target.partition("?")
        handlers = {
            "/health": self.health, "/version": self.version, "/v1/models": self.models, "/metrics": self.metrics,
            "/fake/asked": lambda: self.send(200, list(self.state.asked)),
        }  # fmt: skip
        if path in ("/v1/chat/completions", "/v1/messages"):
            self.generate(json.loads(body), path == "/v1/messages")
        elif path in handlers:
            handlers[path]()
        elif path in DEVELOPER and os.environ.get("VLLM_SERVER_DEV_MODE"):
            self.doze(path, query)
        else:
            self.send(404, {"detail": "Not Found"})

    def send(self, status: int, value: object) -> None:
        raw = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        kind = "text/plain" if isinstance(value, str) else "application/json"
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: {kind}\r\ncontent-length: {len(raw)}\r\n\r\n"
        self.link.sendall(head.encode() + raw)

    def health(self) -> None:
        count = len(self.state.asked)
        if 0 <= self.flags.fake_hang_after <= count:
            threading.Event().wait()
        self.send(503 if 0 <= self.flags.fake_dead_after <= count else 200, "")

    def version(self) -> None:
        self.send(200, {"version": self.flags.fake_version})

    def models(self) -> None:
        names = self.flags.served_model_name
        rows = [{"id": name, "object": "model", "max_model_len": self.flags.max_model_len} for name in names]
        self.send(200, {"object": "list", "data": rows})

    def metrics(self) -> None:
        state = self.state
        rows = {
            "vllm:num_requests_running": state.running, "vllm:num_requests_waiting": state.waiting,
            "vllm:kv_cache_usage_perc": min(1.0, state.held / self.flags.fake_kv_tokens),
            "vllm:prefix_cache_queries_total": state.prompt, "vllm:prefix_cache_hits_total": state.hits,
            "vllm:prompt_tokens_total": state.prompt, "vllm:generation_tokens_total": state.output,
        }  # fmt: skip
        label = f'{{engine="0",model_name="{self.flags.served_model_name[0]}"}}'
        self.send(200, "".join(f"# TYPE {name} gauge\n{name}{label} {value}\n" for name, value in rows.items()))

    def doze(self, path: str, query: str) -> None:
        state = self.state
        if path == "/is_sleeping":
            self.send(200, {"is_sleeping": state.asleep})
        elif path == "/sleep":
            self.fall_asleep(int(query.removeprefix("level=") or 1))
        elif path == "/wake_up":
            self.wake(query)
        else:
            state.seen.clear()
            self.send(200, {"results": [None]})

    def fall_asleep(self, level: int) -> None:
        state, flags = self.state, self.flags
        time.sleep(flags.fake_sleep_s)
        with state.lock:
            state.sleeps += 1
            if state.sleeps <= flags.fake_sleep_fails:
                return self.send(500, {"error": "sleep failed"})
            state.asleep, state.naps = True, state.naps + 1
            state.seen.clear()
            hold(flags, flags.fake_leak_gib)
        return self.send(200, {"status": "sleeping", "level": level})

    def wake(self, query: str) -> None:
        """With tags=weights the first half of a wake, with tags=kv_cache the second."""
        state, flags = self.state, self.flags
        time.sleep(flags.fake_wake_s)
        with state.lock:
            state.wakes += query != "tags=kv_cache"
            fails = state.wakes <= flags.fake_wake_fails
            half = fails or query == "tags=weights"
            if not hold(flags, flags.fake_gib / 2 if half else flags.fake_gib) or fails:
                return self.send(500, {"error": "CUDA error: out of memory at cumem_allocator.cpp"})
            state.asleep = half
            state.lock.notify_all()
        return self.send(200, {"status": "sleeping" if half else "awake"})

    def generate(self, body: dict, messages: bool) -> None:
        state, flags = self.state, self.flags
        if body.get("model") not in flags.served_model_name:
            message = f"The model `{body.get('model')}` does not exist."
            return self.send(404, {"error": {"message": message, "type": "NotFoundError", "code": 404}})
        prompt = [word for one in body["messages"] for word in words_of(one.get("content"))]
        last = words_of(body["messages"][-1].get("content")) or ["nothing"]
        asked = body.get("max_completion_tokens") or body.get("max_tokens") or flags.fake_tokens
        if len(prompt) + asked > flags.max_model_len:
            message = f"This model's maximum context length is {flags.max_model_len} tokens."
            return self.send(400, {"error": {"message": message, "type": "BadRequestError", "code": 400}})
        with state.lock:
            state.asked.append(" ".join(last))
            number, state.waiting = len(state.asked), state.waiting + 1
            while state.asleep:
                state.lock.wait()
            state.waiting, state.running, naps = state.waiting - 1, state.running + 1, state.naps
            state.held += len(prompt) + asked
            self.count_prefix(prompt)
        for line in range(flags.fake_lines):
            say(f"request {number}, line {line}: " + "x" * 80)
        try:
            wire = (Messages if messages else Chat)(self.link, self.send, body, len(prompt))
            count = min(asked, flags.fake_tokens)
            finish = "stop" if asked >= flags.fake_tokens else "length"
            wire.begin()
            for place in range(count):
                time.sleep(flags.fake_token_s if place else flags.fake_first_s)
                if 0 <= flags.fake_crash_after < number and place * 2 >= count:
                    os.kill(os.getpid(), signal.SIGKILL)
                if state.naps != naps:
                    finish = "abort"
                    break
                state.output += 1
                wire.word(last[place % len(last)] + " ")
            wire.end(finish)
        finally:
            with state.lock:
                state.running -= 1
                state.held -= len(prompt) + asked
        return None

    def count_prefix(self, prompt: list[str]) -> None:
        state, fresh = self.state, False
        state.prompt += len(prompt)
        for end in range(16, len(prompt) + 1, 16):
            key = hash(tuple(prompt[:end]))
            fresh = fresh or key not in state.seen
            state.hits += 0 if fresh else 16
            state.seen.add(key)


def bring_up_children(flags: argparse.Namespace) -> None:
    for _ in range(flags.fake_children):
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN if flags.fake_stubborn else signal.SIG_DFL)
            while True:
                signal.pause()


def main() -> None:
    flags = read_flags()
    if flags.fake_stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    boot(flags)
    bring_up_children(flags)
    with socket.create_server((flags.host, flags.port), backlog=512) as server:
        say(f"Starting vLLM server on http://{flags.host}:{flags.port}")
        state = State(flags)
        while True:
            Conversation(server.accept()[0], state).start()


if __name__ == "__main__":
    main()

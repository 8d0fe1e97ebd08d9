"""Health and metrics of an endpoint, and what an engine's log says of its end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.gpu.engines import vllm
from factory.gpu.engines.external import External
from factory.gpu.engines.failures import LONGEST, explain
from factory.gpu.engines.health import look, translate
from factory.gpu.engines.passed import environment, without_secrets
from factory.gpu.engines.wire import LARGEST, QUOTED, Server, WireProblem
from tests.gpu.engines.bench import PATIENCE, free_port

METRICS = """# HELP vllm:num_requests_running Number of requests.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a"} 3.0
vllm:num_requests_running{engine="1",model_name="a"} 2.0
vllm:kv_cache_usage_perc{engine="0"} 0.25
vllm:kv_cache_usage_perc{engine="1"} 0.75
vllm:gpu_cache_usage_perc 0.99
vllm:prefix_cache_hits_total{engine="0"} 1.024e+06
vllm:prefix_cache_queries_total nan
vllm:request_success_total{finished_reason="stop"} 7
"""


@contextmanager
def answering(pages: dict[str, tuple[int, bytes]]) -> Iterator[str]:
    """A server of these pages; everything else is 404."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = pages.get(self.path, (404, b"no"))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_metrics_in_our_names() -> None:
    found = translate(METRICS, vllm.METRICS)
    assert found == {"running": 5.0, "kv_use": 0.75, "prefix_hits": 1_024_000.0}
    assert translate("vllm:gpu_cache_usage_perc 0.5\n", vllm.METRICS) == {"kv_use": 0.5}


@given(st.text())
def test_metrics_of_nobody_knows_whom(text: str) -> None:
    translate(text, vllm.METRICS)


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [(200, b"", "ok"), (503, b'{"error": "Loading model"}', "slow"), (503, b"", "dead"), (500, b"x", "dead")],
)
def test_health(status: int, body: bytes, state: str) -> None:
    with answering({"/health": (status, body)}) as url:
        assert look(Server(url), "/health", PATIENCE).state == state


def test_nobody_there() -> None:
    found = look(Server(f"http://127.0.0.1:{free_port()}"), "/health", PATIENCE)
    assert (found.state, found.said) == ("dead", "no connection: Connection refused")


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[bad", "http://127.0.0.1:x"])
def test_an_address_that_is_none(url: str) -> None:
    assert look(Server(url), "/health", PATIENCE).state == "dead"


def test_answers_are_bounded_and_clean() -> None:
    long = b"\x1b[31mno\n" * LARGEST
    with answering({"/x": (500, long), "/y": (200, b"[1]"), "/z": (200, b"[" * 100_000)}) as url:
        with pytest.raises(WireProblem) as problem:
            Server(url).post("/x", {}, PATIENCE)
        assert str(problem.value).isprintable()
        assert len(str(problem.value)) < QUOTED + 20
        for path in ("/y", "/z"):
            with pytest.raises(WireProblem, match="without a JSON object"):
                Server(url).read(path, PATIENCE)


def test_an_external_endpoint() -> None:
    with answering({"/v1/models": (401, b"key?"), "/metrics": (200, METRICS.encode())}) as url:
        there = External("box", f"{url}/v1")
        assert there.healthy(PATIENCE).state == "ok"
        assert there.metrics()["running"] == 5.0
    assert there.healthy(PATIENCE).state == "dead"
    assert there.metrics() == {}
    with answering({}) as url:
        assert External("box", url).healthy(PATIENCE).state == "dead"


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("(EngineCore pid=7) ERROR torch.OutOfMemoryError: CUDA out of memory. Tried", "memory does not suffice"),
        ("ggml_backend_cuda_buffer_type_alloc_buffer: cudaMalloc failed: out of memory", "memory does not suffice"),
        ("ValueError: Free memory on device (3/23 GiB) on startup is less than desired GPU memory utilization", "card"),
        ("error: invalid argument: --nope", "does not know an argument"),
        ("Error: listen tcp 127.0.0.1:1: bind: address already in use", "port is in use"),
        ("OSError: [Errno 98] Address already in use", "port is in use"),
        ("gguf_init_from_file: failed to open GGUF file 'x' (No such file or directory)", "a file is missing"),
        ("huggingface_hub.errors.GatedRepoError: 401 Client Error. Cannot access gated repo", "HF_TOKEN"),
        ("ValueError: Model architectures ['X'] are not supported for now.", "this version or this card"),
        ("error loading model architecture: unknown model architecture: 'x'", "this version or this card"),
        ("Traceback\nRuntimeError: odd\nEngine core initialization failed. See root cause above.", "RuntimeError: odd"),
        (
            "ValidationError: 1 error\n  For further information visit https://errors.example",
            "with: ValidationError: 1",
        ),
        ("ModuleNotFoundError: No module named 'torchvision'\nValidationError: 1 error", "lacks a package (ModuleNot"),
        ("", "its log is empty"),
    ],
)
def test_why_it_ended(log: str, words: str) -> None:
    assert words in explain(log, 1)


@given(st.text(), st.sampled_from([None, 0, 1, -9, -11, -15]))
def test_a_log_is_quoted_short_and_clean(log: str, code: int | None) -> None:
    said = explain(log, code)
    assert said.isprintable()
    assert len(said) < LONGEST + 150


def test_what_of_the_environment_passes() -> None:
    ours = {"PATH": "/bin", "HF_HOME": "/h", "HF_TOKEN": "t", "VLLM_API_KEY": "k", "GITHUB_TOKEN": "g", "FOO": "x"}
    assert environment(ours, {"MY_TOKEN": "mine"}) == {"PATH": "/bin", "HF_HOME": "/h", "MY_TOKEN": "mine"}
    assert without_secrets("a mine b", {"MY_TOKEN": "mine", "N": "a"}) == "a *** b"

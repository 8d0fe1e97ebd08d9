"""Servers behind the port are looked at without anybody asking: gone, back, and what they measure."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx

from factory.contracts.record import Json
from factory.serve.metrics import Metrics
from factory.serve.watch import Watch, external
from factory.settings import Settings
from tests.gpu.boxes import model
from tests.gpu.engines.bench import free_port, until
from tests.serve.test_box import running

SAID = b"vllm:prefix_cache_hits_total 30.0\nvllm:prefix_cache_queries_total 40.0\nvllm:kv_cache_usage_perc 0.5\n"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {"/health": b"{}", "/metrics": SAID}.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or json.dumps({"detail": "Not Found"}).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


def served(port: int) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_a_server_that_goes_and_comes_back_is_told_once_each() -> None:
    port, told = free_port(), list[tuple[str, Json]]()
    watch = Watch({"box": f"http://127.0.0.1:{port}/v1"}, dict, lambda *said: told.append(said))
    watch.look()
    watch.look()
    assert [event for event, _ in told] == ["endpoint_down"]
    assert (told[0][1]["endpoint"], watch.measured()) == ("box", {"box": {"up": 0.0}})
    server = served(port)
    watch.look()
    watch.look()
    assert [event for event, _ in told] == ["endpoint_down", "endpoint_back"]
    server.shutdown()
    server.server_close()
    watch.look()
    assert told[-1][0] == "endpoint_down"


def test_what_a_server_measures_stands_in_the_metrics() -> None:
    server = served(port := free_port())
    watch = Watch({}, lambda: {"coder": f"http://127.0.0.1:{port}"}, lambda *_: None, pace_s=0.05)
    watch.start()
    until(watch.measured, "nobody looked")
    page = Metrics(watch.measured).page().decode()
    assert 'factory_server_prefix_hits{endpoint="coder"} 30.0' in page
    assert 'factory_server_prefix_queries{endpoint="coder"} 40.0' in page
    assert 'factory_server_kv_use{endpoint="coder"} 0.5' in page
    watch.close()
    server.shutdown()
    server.server_close()
    watch.look()
    assert watch.measured() == {"coder": {"up": 1.0}}  # a fleet tells itself what becomes of its engines


def test_only_the_owners_running_servers_are_looked_at() -> None:
    tables = {"box": {"url": "http://127.0.0.1:1/v1"}, "cloud": {"url": "https://c.example/v1", "tier": "frontier"}}
    named = {name: {"name": name, "wire": "openai", "model": "m"} | table for name, table in tables.items()}
    assert external(Settings.model_validate({"endpoints": named})) == {"box": "http://127.0.0.1:1/v1"}


def test_the_whole_box_looks_at_them_from_the_start(tmp_path: Path) -> None:
    gone = {"name": "gone", "wire": "openai", "model": "m", "url": f"http://127.0.0.1:{free_port()}/v1"}
    with running(tmp_path, {"a": model(tmp_path)}, endpoints={"gone": gone}) as (url, said):
        until(lambda: [facts for event, facts in said if event == "endpoint_down"], "nobody was told")
        until(lambda: 'factory_server_up{endpoint="gone"} 0.0' in httpx.get(f"{url}/metrics", trust_env=False).text,
              "the metrics do not say it")  # fmt: skip


def test_the_page_has_no_such_lines_without_servers() -> None:
    assert "factory_server_up{" not in Metrics().page().decode()

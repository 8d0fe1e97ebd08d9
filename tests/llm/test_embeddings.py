"""Vectors come from a real HTTP server, are kept, and a server that fails is a problem with a name."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from factory.codegraph.rank.embeddings import kept
from factory.contracts.errors import ModelProblem
from factory.contracts.record import ValidationError
from factory.llm.embeddings import embedder
from factory.settings import Settings


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, object]], list[int]]]:
    """(base URL, what it was asked, the status of its answers)"""
    asked: list[dict[str, object]] = []
    status = [200]

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            texts = asked[-1]["input"]
            assert isinstance(texts, list)
            data = [{"object": "embedding", "index": n, "embedding": [float(len(text)), 1.0]}
                    for n, text in reversed(list(enumerate(texts)))]  # fmt: skip
            body = json.dumps({"object": "list", "data": data, "model": "m",
                               "usage": {"prompt_tokens": 1, "total_tokens": 1}}).encode()  # fmt: skip
            self.send_response(status[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Silence."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/v1", asked, status
    http.shutdown()
    thread.join()


def settings(url: str, **endpoint: str) -> Settings:
    values = {"wire": "openai", "url": url, "model": "e5", "name": "near", **endpoint}
    return Settings.model_validate({"endpoints": {"near": values}, "line": {"embeddings": "near"}})


def test_vectors_in_the_order_of_the_texts_and_asked_for_once(
    server: tuple[str, list[dict[str, object]], list[int]], tmp_path: Path
) -> None:
    url, asked, _ = server
    embed = embedder(settings(url), {}, kept, tmp_path / "vectors.db")
    assert embed is not None
    assert [list(vector) for vector in embed(["a", "bbb"])] == [[1.0, 1.0], [3.0, 1.0]]
    assert [list(vector) for vector in embed(["bbb", "cc"])] == [[3.0, 1.0], [2.0, 1.0]]
    assert [(each["model"], each["input"]) for each in asked] == [("e5", ["a", "bbb"]), ("e5", ["cc"])]


def test_a_server_that_fails_is_a_model_problem(
    server: tuple[str, list[dict[str, object]], list[int]], tmp_path: Path
) -> None:
    url, _, status = server
    status[0] = 500
    embed = embedder(settings(url), {}, kept, tmp_path / "vectors.db")
    assert embed is not None
    with pytest.raises(ModelProblem):
        embed(["a"])


def test_nobody_named_means_no_embeddings(tmp_path: Path) -> None:
    assert embedder(Settings(), {}, kept, tmp_path / "vectors.db") is None


@pytest.mark.parametrize("wrong", [{"tier": "frontier"}, {"wire": "anthropic"}])
def test_only_a_local_server_may_see_the_repository_for_that(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"line\.embeddings"):
        settings("http://127.0.0.1:9/v1", **wrong)


def test_the_name_must_be_an_endpoint() -> None:
    with pytest.raises(ValidationError, match=r"line\.embeddings"):
        Settings.model_validate({"line": {"embeddings": "nobody"}})

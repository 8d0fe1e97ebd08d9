"""A hub's config.json over real HTTP: what comes, what is refused, and where the token goes."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.gpu.hub import fetch
from factory.gpu.models import find

CONFIG = (Path(__file__).parent.parent / "data" / "configs" / "qwen3-14b.json").read_bytes()
ANSWERS = {
    "/me/good/resolve/main/config.json": (200, CONFIG),
    "/me/gated/resolve/main/config.json": (401, b""),
    "/me/page/resolve/main/config.json": (200, b"<html>"),
    "/me/huge/resolve/main/config.json": (200, b"[" * 30_000_000),
    "/me/list/resolve/main/config.json": (200, b"[]"),
}


@pytest.fixture
def hub() -> Iterator[tuple[str, list[str]]]:
    """(address, the tokens it was shown)"""
    seen: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            code, body = ANSWERS.get(self.path, (404, b""))
            self.send_response(code)
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # who gets too much hangs up
                self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_model_s_geometry_comes_from_its_config(hub: tuple[str, list[str]]) -> None:
    url, seen = hub
    found = fetch("me/good", {"HF_ENDPOINT": f"{url}/", "HF_TOKEN": "secret"})
    known = find("Qwen3-14B")
    assert found.name == "good"
    assert (found.full, found.kv_heads, found.parameters) == (known.full, known.kv_heads, known.parameters)
    assert seen == ["Bearer secret"]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("me/gated", "needs a token"), ("me/none", "is not there"), ("me/page", "is not JSON"),
        ("me/huge", "has more than"), ("me/list", "no JSON object"), ("../etc", "OWNER/NAME"),
        ("me/a?b=c", "OWNER/NAME"), ("me", "OWNER/NAME"), ("a/b/c", "OWNER/NAME"),
    ],
)  # fmt: skip
def test_anything_else_is_one_sentence(hub: tuple[str, list[str]], name: str, word: str) -> None:
    with pytest.raises(UsageProblem, match=word):
        fetch(name, {"HF_ENDPOINT": hub[0]})


def test_the_token_is_never_said_and_shown_only_where_it_is_safe(hub: tuple[str, list[str]]) -> None:
    for token in ("hf_SECRET\n", "hf_SECRET\nX-Evil: 1", "hf_SECRÉT"):
        with pytest.raises(UsageProblem) as caught:
            fetch("a/b", {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_TOKEN": token})
        assert "SECR" not in str(caught.value)
    for address in ("http://127.0.0.1:zz", "http://[::1"):
        with pytest.raises(UsageProblem, match="cannot be reached"):
            fetch("a/b", {"HF_ENDPOINT": address})
    local = hub[0].replace("127.0.0.1", "127.1")  # plain http to a name that is not this machine's own
    fetch("me/good", {"HF_ENDPOINT": local, "HF_TOKEN": "secret"})
    assert hub[1] == [""]


def test_no_network_and_no_http_address() -> None:
    with pytest.raises(UsageProblem, match="cannot be reached"):
        fetch("me/good", {"HF_ENDPOINT": "http://127.0.0.1:9"})
    with pytest.raises(UsageProblem, match="no http address"):
        fetch("me/good", {"HF_ENDPOINT": "file:///etc"})

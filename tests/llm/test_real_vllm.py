"""A real vLLM server whose model writes nonsense (`make test-vllm`; scripts/real_vllm.py makes it)."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from factory.contracts.errors import Refused, Unreachable
from factory.contracts.model import Message, Model
from factory.contracts.roster import Notes
from factory.contracts.verdict import Judgement
from factory.llm.models import models
from factory.llm.problems import CutOff, Repeating
from factory.llm.structured import schema_of
from scripts.real_vllm import LENGTH, command, environment
from tests.llm.bench import FastClock, endpoint, request

pytestmark = pytest.mark.vllm
ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("FACTORY_VLLM", ROOT / ".vllm"))
BOOT_S = 300
PATIENT = {"first_token_s": 240, "idle_s": 240}  # the first answer of an installation compiles for minutes
both = pytest.mark.parametrize("wire", ["openai", "anthropic"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("vllm") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(FOLDER, port), env=environment(), stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield _up(f"http://127.0.0.1:{port}", process, log), process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _up(url: str, process: "subprocess.Popen[bytes]", log: Path) -> str:
    end = monotonic() + BOOT_S
    while monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/health").is_success:
                return url
        except httpx.TransportError:
            sleep(1)
    pytest.fail(f"vLLM did not start: {log.read_text(errors='replace')[-2000:]}")


def model(url: str, wire: str, **changes: object) -> Model:
    about = {"url": f"{url}/v1", "model": "tiny", "context": LENGTH, "logprobs": True, **PATIENT, **changes}
    return models({}, FastClock())(endpoint(wire=wire, **about))


@both
def test_the_schemas_are_kept(server: tuple[str, object], wire: str) -> None:
    """Greedy, so that the same nonsense comes each time; an answer may go round in circles, or be cut."""
    for kind in (Notes, Judgement):
        asked = request(output=schema_of(kind), max_tokens=4000, temperature=0.0)
        try:
            reply = model(server[0], wire).complete(asked)
        except Repeating:
            continue
        assert reply.text.startswith("{")
        assert set(kind.model_fields) >= {reply.text.split('"')[1]}
        assert reply.usage.input > 0
        assert reply.usage.output > 0
        if kind is Judgement and wire == "openai" and reply.finish == "stop":
            assert reply.margin is not None


@both
def test_a_cut_answer_is_one(server: tuple[str, object], wire: str) -> None:
    reply = model(server[0], wire).complete(request(max_tokens=8))
    assert (reply.finish, reply.usage.output) == ("length", 8)


@both
def test_what_it_refuses(server: tuple[str, object], wire: str) -> None:
    with pytest.raises(Refused, match="maximum context length"):
        model(server[0], wire).complete(request(messages=(Message(role="user", text="word " * LENGTH),)))
    with pytest.raises(Refused, match="404"):
        model(server[0], wire, model="nobody").complete(request())


@both
def test_waiting_has_an_end(server: tuple[str, object], wire: str) -> None:
    with pytest.raises(CutOff, match="first token"):
        model(server[0], wire, first_token_s=0.001).complete(request())
    with pytest.raises(CutOff, match="silent"):
        model(server[0], wire, idle_s=0.0001).complete(request(max_tokens=1000))


def test_the_demo_ends_and_says_why(server: tuple[str, object], tmp_path: Path) -> None:
    done = _factory(server[0], tmp_path, "demo", "--live", "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "model_unusable" in done.stdout or "plan_rejected" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert (tmp_path / "out" / "report.html").is_file()


def test_a_killed_server_cannot_be_reached(server: tuple[str, "subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    """The last test: the server is gone afterwards."""
    os.killpg(server[1].pid, signal.SIGKILL)
    server[1].wait()
    with pytest.raises(Unreachable, match="is it running"):
        model(server[0], "openai").complete(request())
    done = _factory(server[0], tmp_path, "demo", "--live")
    assert "is it running" in done.stdout + done.stderr


def _factory(url: str, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "OPENAI_BASE_URL": f"{url}/v1", "FACTORY_STATE": str(folder / "state"), "HOME": str(folder)}
    line = [sys.executable, "-m", "factory.cli", *words]
    return subprocess.run(line, cwd=folder, env=env, text=True, capture_output=True, timeout=600, check=False)

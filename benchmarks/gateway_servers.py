"""What benchmarks/gateway.py measures: the mock upstream itself, LiteLLM's proxy and this gateway, each a process.

LiteLLM lives in an environment of its own in the cache folder and is set up as its own benchmark and production pages
say: one worker, no callbacks, no retries, no database, its log at ERROR. Both proxies demand a key.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.factory import SCRIPT
from factory.places import cache_folder

LITELLM = "1.106.2"
KEY = "sk-benchmark-of-the-gateway"
START_S = 180  # LiteLLM's proxy takes half a minute on a busy machine
LITELLM_CONFIG = """
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_key: none, api_base: "http://127.0.0.1:{upstream}/v1"}}
litellm_settings: {{callbacks: [], num_retries: 0, request_timeout: 30, set_verbose: false}}
general_settings: {{master_key: {key}, disable_spend_logs: true}}
"""
LITELLM_ENVIRONMENT = {
    "LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False", "DISABLE_ADMIN_UI": "True", "NO_DOCS": "True",
}  # fmt: skip
OUR_CONFIG = """
[endpoints.mock]
wire = "openai"
url = "http://127.0.0.1:{upstream}/v1"
model = "m"

[[chain]]
name = "m"
endpoints = ["mock"]

[serve]
port = {port}

[serve.keys.bench]
sha256 = "{sha}"
"""


@dataclass(frozen=True)
class Server:
    """One of them, running."""

    name: str
    port: int
    pid: int
    key: str = ""

    def halt(self, still: bool) -> None:
        """Stand still while another is measured."""
        os.kill(self.pid, signal.SIGSTOP if still else signal.SIGCONT)

    def rss_mb(self) -> float:
        """Resident memory of the process and its children."""
        return sum(_rss(pid) for pid in _family(self.pid)) / 1e6

    def busy_s(self) -> float:
        """Processor time so far, of the process itself."""
        times = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def _rss(pid: int) -> int:
    found = re.search(r"^VmRSS:\s*(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1]) * 1024 if found else 0


def _family(pid: int) -> list[int]:
    children = [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]
    return [pid, *(each for child in children for each in _family(child))]


def cores() -> tuple[str, str]:
    """(of the upstream and the load, of the server that is measured): the first and the last that we may use."""
    ours = sorted(os.sched_getaffinity(0))
    return str(ours[0]), str(ours[-1])


@contextmanager
def upstream() -> Iterator[Server]:
    """The mock model server."""
    words = [sys.executable, "-m", "benchmarks.gateway_upstream", cores()[0]]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield Server("direct", int(process.stdout.readline()), process.pid)
        process.terminate()


@contextmanager
def litellm(folder: Path, to: int) -> Iterator[Server]:
    """LiteLLM's proxy in front of the upstream at port `to`."""
    port = free_port()
    config = folder / "litellm.yaml"
    config.write_text(LITELLM_CONFIG.format(upstream=to, key=KEY))
    command = [
        str(_litellm()),
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--num_workers",
        "1",
    ]
    with _running("LiteLLM", command, port, folder, LITELLM_ENVIRONMENT) as server:
        yield server


def _litellm() -> Path:
    """Its command; installed when it is not there."""
    place = cache_folder() / f"litellm-{LITELLM}"
    if not (place / "installed").exists():
        uv = shutil.which("uv") or "uv"
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], check=True)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(place / "bin" / "python")]
        subprocess.run([*install, f"litellm[proxy]=={LITELLM}", "httptools"], check=True)  # uvicorn's faster parser
        (place / "installed").touch()
    return place / "bin" / "litellm"


@contextmanager
def gateway(folder: Path, to: int) -> Iterator[Server]:
    """This gateway in front of the upstream at port `to`."""
    port = free_port()
    config = folder / "factory.toml"
    config.write_text(OUR_CONFIG.format(upstream=to, port=port, sha=hashlib.sha256(KEY.encode()).hexdigest()))
    command = [str(SCRIPT), "serve", "--config", str(config)]
    with _running("this gateway", command, port, folder, {"FACTORY_STATE": str(folder / "state")}) as server:
        yield server


@contextmanager
def _running(
    name: str, command: Sequence[str], port: int, folder: Path, settings: Mapping[str, str]
) -> Iterator[Server]:
    log = folder / f"{name.replace(' ', '-')}.log"
    words = ["taskset", "-c", cores()[1], *command]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **settings}
    with log.open("wb") as out, subprocess.Popen(
        words, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder
    ) as process:  # fmt: skip
        server = Server(name, port, process.pid, KEY)
        try:
            _wait(server, process, log)
            yield server
        finally:
            server.halt(still=False)
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until it answers a request."""
    body = json.dumps({"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": "Are you there?"}]})
    url = f"http://127.0.0.1:{server.port}/v1/chat/completions"
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    end, problem = time.monotonic() + START_S, ""
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers), timeout=30):
                return
        except urllib.error.HTTPError as error:
            problem = f"{error.code}: {error.read()[:500]!r}"
        except OSError as error:
            problem = str(error)
        time.sleep(0.2)
    raise RuntimeError(f"{server.name} does not answer ({problem}):\n{log.read_text(errors='replace')[-3000:]}")


def free_port() -> int:
    """Of loopback; free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])

"""What `factory doctor` looks at on this machine: sandbox, git, disk, GPU, endpoints, the runner."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from factory.contracts.errors import Stopped
from factory.contracts.model import Endpoint, Model
from factory.install.checkup import Row, missing, ok, unknown, weaker
from factory.install.runner_hook import VARIABLE
from factory.ledger.room import check_room

LEAST_FREE = 5 * 1024**3  # bytes for runs, environments and clones
NO_ENDPOINT = (
    "none is configured: put an [endpoints.NAME] table into factory.toml, or do with what asks no model: "
    "`factory run --task tidy`, `factory hunt`, `factory demo`"
)
LEAST_RUNNER = (2, 336, 0)  # the first that knows `uses: $/…`, which our workflows need


def sandbox() -> Iterator[Row]:
    from factory.sandbox.probe import probe

    found = probe()
    yield ok("sandbox", f"{found.description} {found.version}") if found.works else missing("sandbox", found.remedy)
    for text in found.weaker:
        yield weaker("sandbox", text)


def git() -> Iterator[Row]:
    path = shutil.which("git")
    if not path:
        yield missing("git", "install git (apt-get install git)")
        return
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    yield ok("git", said)


def pages() -> Iterator[Row]:
    """What the tool `screenshot` looks at pages with; everything else works without."""
    from factory.sandbox.browser import ABSENT, browser

    found = browser()
    yield ok("browser", found) if found else weaker("browser", f"{ABSENT}. The tool `screenshot` needs it")


def disk(state: Path) -> Iterator[Row]:
    """Free space where runs are kept, and whether files can still be made there."""
    place = next(folder for folder in (state, *state.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    words = f"{free / 1024**3:.0f} GiB free for {state}"
    yield ok("disk", words) if free >= LEAST_FREE else missing("disk", f"{words}: free some (5 GiB at least)")
    if state.exists():
        try:
            check_room(state)
        except Stopped as problem:
            yield missing("state", str(problem))
        else:
            yield ok("state", f"{state} can be written")


def templates(root: Path) -> Iterator[Row]:
    """Issue templates here that would start the factory in the name of whoever opens an issue."""
    from factory.forge.issue_forms import lint

    for sentence in lint(root):
        yield missing("issue templates", sentence)


def gpu() -> Iterator[Row]:
    """What the driver's own tool says; without one the box can still use models elsewhere."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        yield weaker("gpu", "no NVIDIA driver here (nvidia-smi is missing): the models must run on another machine")
        return
    command = [tool, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    if done.returncode:
        yield missing("gpu", f"nvidia-smi fails ({done.stderr.strip()[:120]}): reinstall the driver or reboot")
        return
    for line in done.stdout.strip().splitlines():
        yield ok("gpu", line.strip())


def endpoints(configured: dict[str, Endpoint], model_of: Callable[[Endpoint], Model]) -> Iterator[Row]:
    """Free endpoints are asked one short question; those that cost are only listed."""
    from factory.llm.trial import try_endpoint

    if not configured:
        yield weaker("endpoints", NO_ENDPOINT)
    for name, endpoint in configured.items():
        if endpoint.tier != "local":
            yield unknown(f"endpoint {name}", f"{endpoint.tier}, not asked: `factory models test {name}` does")
            continue
        tried = try_endpoint(endpoint, model_of)
        bad = "; ".join(f"{check.name}: {check.detail}" for check in tried.checks if not check.ok)
        yield (
            ok(f"endpoint {name}", endpoint.model or endpoint.url)
            if tried.works
            else missing(f"endpoint {name}", f"does not work ({bad[:200]}): start its server, or correct factory.toml")
        )


def runner(folder: Path) -> Iterator[Row]:
    """A configured runner's folder: its version, and the hook that refuses foreign workflows."""
    if not (folder / ".runner").is_file():
        yield missing("runner", f"{folder} is not the folder of a configured runner (no .runner in it)")
        return
    text = (folder / ".runner").read_text(encoding="utf-8-sig")
    name = str(json.loads(text).get("agentName", "?")) if text.strip().startswith("{") else "?"
    version = _version(folder)
    shown = ".".join(map(str, version)) or "unknown"
    if version and version < LEAST_RUNNER:
        yield missing("runner", f"{name} has version {shown}: the workflows need 2.336.0 or newer, update it")
    else:
        yield ok("runner", f"{name}, version {shown}") if version else unknown("runner", f"{name}: version not found")
    environment = folder / ".env"
    hooked = environment.is_file() and f"{VARIABLE}=" in environment.read_text(encoding="utf-8")
    yield (
        ok("runner hook", "set")
        if hooked
        else weaker(
            "runner hook",
            f"any workflow of the repository may use the box: `factory init --runner {folder} --github …`",
        )
    )


def _version(folder: Path) -> tuple[int, ...]:
    program = folder / "bin" / "Runner.Listener"
    if not program.is_file():
        return ()
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False, timeout=20)
    parts = done.stdout.strip().split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()

"""`factory …` as a user runs it: a process of its own, with its own state folder, watched from outside."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

SCRIPT = Path(sys.executable).with_name("factory")
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


class Done(NamedTuple):
    """A finished command: wall-clock seconds, peak resident set of the process alone in MB, what `--json` said."""

    seconds: float
    peak_mb: float
    result: dict[str, Any]


def factory(state: Path, *arguments: str | Path) -> Done:
    """Raises RuntimeError when the command ends otherwise than with 0 or 1."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [SCRIPT, *map(str, arguments), "--json"], env={**ENVIRONMENT, "FACTORY_STATE": str(state)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        peaks = [0.0]
        watcher = threading.Thread(target=_watch, args=(process, peaks))
        watcher.start()
        out, err = process.communicate()
        seconds = time.perf_counter() - begun
        watcher.join()
    if process.returncode not in (0, 1) or not out:
        raise RuntimeError(f"factory {' '.join(map(str, arguments))} ended with {process.returncode}:\n{err[-3000:]}")
    return Done(seconds, max(peaks), json.loads(out))


def _watch(process: "subprocess.Popen[str]", peaks: list[float]) -> None:
    """The kernel keeps the high-water mark of the process without its children; it is gone with the process."""
    while process.poll() is None:
        try:
            found = re.search(r"^VmHWM:\s*(\d+)", Path(f"/proc/{process.pid}/status").read_text(), re.M)
        except OSError:
            return
        if found:
            peaks.append(int(found[1]) * 1024 / 1e6)
        time.sleep(0.01)

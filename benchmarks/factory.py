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
    """A finished command: wall clock; processor time and peak resident set of the process alone; what `--json` said."""

    seconds: float
    busy_s: float
    peak_mb: float
    result: dict[str, Any]


def factory(state: Path, *arguments: str | Path) -> Done:
    """Raises RuntimeError when the command ends otherwise than with 0 or 1."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [SCRIPT, *map(str, arguments), "--json"], env={**ENVIRONMENT, "FACTORY_STATE": str(state)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        seen: dict[str, float] = {"peak_mb": 0, "busy_s": 0}
        watcher = threading.Thread(target=_watch, args=(process, seen))
        watcher.start()
        try:
            out, err = process.communicate()
        except BaseException:  # whoever stops the benchmark stops this as well
            process.terminate()
            raise
        seconds = time.perf_counter() - begun
        watcher.join()
    if process.returncode not in (0, 1) or not out:
        raise RuntimeError(f"factory {' '.join(map(str, arguments))} ended with {process.returncode}:\n{err[-3000:]}")
    return Done(seconds, seen["busy_s"], seen["peak_mb"], json.loads(out))


def _watch(process: "subprocess.Popen[str]", seen: dict[str, float]) -> None:
    """The kernel keeps both for the process without its children; they are gone with the process."""
    proc = Path(f"/proc/{process.pid}")
    while process.poll() is None:
        try:
            found = re.search(r"^VmHWM:\s*(\d+)", (proc / "status").read_text(), re.M)
            times = (proc / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return
        if found:
            seen["peak_mb"] = int(found[1]) * 1024 / 1e6
            seen["busy_s"] = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
        time.sleep(0.01)

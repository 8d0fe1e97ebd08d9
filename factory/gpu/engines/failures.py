"""Why an engine did not start or ended, from the end of its log. The log is not trusted: one short line is quoted."""

import re
import signal

from factory.gpu.engines.wire import clean

LONGEST = 300  # characters of the quoted line
_MARKS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|^\s*\([\w-]+(?: [\w-]+=[\w-]+)*\)\s*")  # colours; (EngineCore pid=7)
CAUSES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (
            r"unrecognized arguments|invalid argument: -|error: argument |unknown (?:flag|command)|no such option",
            "it does not know an argument: correct `args`",
        ),
        (
            r"address already in use|couldn'?t bind|could not bind|failed to bind",
            "its port is in use: end what listens there, or choose another port",
        ),
        (
            r"OutOfMemoryError|out of memory|No available memory for the cache blocks|failed to allocate .*buffer"
            r"|is less than desired GPU memory utilization|larger than the available KV cache memory"
            r"|unable to allocate",
            "memory does not suffice: see `factory gpu plan`, and what else is on the card",
        ),
        (r"can't allocate memory|bad_alloc|Cannot allocate memory", "the host has not enough memory for it"),
        (
            r"gated repo|401 Client Error|403 Client Error|restricted and you are not in",
            "the hub wants a token: put HF_TOKEN into its `env`",
        ),
        (
            r"does not appear to have a file|not a local folder and is not a valid model|No such file or directory"
            r"|failed to open GGUF|model .* not found|file does not exist|Repository Not Found|FileNotFoundError",
            "a file is missing: correct `model`",
        ),
        (
            r"architectures .* are not supported|unknown model architecture|sleep mode is not supported"
            r"|not supported on (?:this|current)|no kernel image is available",
            "this version or this card cannot do what is asked",
        ),
        (r"No space left on device", "the disk is full"),
        (r"ModuleNotFoundError: ", "its own environment lacks a package"),
    )
)
TELLING = (re.compile(r"(?:^|[\s.])\w*(?:Error|Exception): \S"), re.compile(r"error|fatal|failed", re.IGNORECASE))
FOLLOWS = re.compile(r"root cause above|Engine core init\w+ failed|WorkerProc init\w+ failed|For further information")


def explain(log: str, code: int | None) -> str:
    """One clause: the cause, what to do and the line that says it; else how it ended and its last word."""
    lines = [line for raw in log.splitlines() if (line := clean(_MARKS.sub("", raw)))]
    for pattern, remedy in CAUSES:
        for line in reversed(lines):
            if pattern.search(line):
                return f"{remedy} ({_short(line)})"
    own = [line for line in reversed(lines) if not FOLLOWS.search(line)]
    telling = (line for pattern in TELLING for line in own if pattern.search(line))
    last = next(telling, lines[-1] if lines else "")
    return f"{_ended(code)}; {f'its log ends with: {_short(last)}' if last else 'its log is empty'}"


def _ended(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "it was killed, as the kernel does when the host's memory is used up"
    if code is not None and code < 0:
        return f"it ended by signal {signal.Signals(-code).name}"
    return f"it ended with exit code {code}" if code is not None else "it still runs"


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"

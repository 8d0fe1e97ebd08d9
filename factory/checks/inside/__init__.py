"""Scripts that run inside the sandbox, sent there as text: standard library only."""

from functools import cache
from pathlib import Path


@cache
def script(name: str) -> str:
    """The source of one of the scripts in this folder, for `python -c`."""
    return (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")

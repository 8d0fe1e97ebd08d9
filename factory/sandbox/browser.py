"""Chromium: where it is on this machine, how the sandbox starts it, and what to say when there is none."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from factory.sandbox.inside.browser.pipe import NAMES, NO_BROWSER
from factory.sandbox.system import CODE

__all__ = ["ABSENT", "LOOK", "NO_BROWSER", "browser"]

ABSENT = (
    "Chromium is not installed where the sandbox sees it: install your distribution's package `chromium` "
    "(apt-get install chromium) or Google Chrome; a snap does not work"
)
_BOOT = (
    f"import sys; sys.path.insert(0, {CODE!r}); from factory.sandbox.inside.browser.look import main; "
    "sys.exit(main(sys.argv[1]))"
)
LOOK = ("/factory/bin/python3", "-I", "-B", "-X", "utf8", "-c", _BOOT)
"""The command inside; its one argument stands in look.py."""


def browser(names: Sequence[str] = NAMES) -> str:
    """The program that would be started, '' when there is none that works in the sandbox."""
    found = filter(None, map(shutil.which, names))
    return next((path for path in found if not _is_snap(Path(path))), "")


def _is_snap(path: Path) -> bool:
    """Itself, or the script that stands for one."""
    with path.open("rb") as file:
        return "snap" in path.resolve().parts or b"/snap/" in file.read(4096)

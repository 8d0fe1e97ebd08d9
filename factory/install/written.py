"""Files that `factory init` wrote: known again by a line in them, updated while nobody edited them, else left alone."""

import re
from typing import Literal

from factory.contracts.record import Record, digest

Fate = Literal["new", "update", "same", "edited", "foreign"]
"""edited: ours once, changed by a person since. foreign: there is such a file, and we never wrote it."""

_STAMP = re.compile(r"^(# |<!-- )factory init ([0-9a-f]{16})( -->)?\n", re.MULTILINE)


class Planned(Record):
    """One file of an installation. `text` is stamped; `keep`: written once, then the owner's for ever."""

    path: str
    text: str
    fate: Fate

    @property
    def writes(self) -> bool:
        return self.fate in ("new", "update")


def stamped(path: str, text: str) -> str:
    """`text` with the line that says that we wrote it; its hash is of everything else."""
    mark = digest(text)[:16]
    line = f"<!-- factory init {mark} -->\n" if path.endswith(".md") else f"# factory init {mark}\n"
    return line + text


def untouched(text: str) -> bool:
    """Is this exactly what some `factory init` wrote?"""
    found = _STAMP.match(text)
    return found is not None and digest(text[found.end() :])[:16] == found.group(2)


def planned(path: str, text: str, there: str | None, force: bool = False) -> Planned:
    """What becomes of one file. `there`: its content now, None when there is none."""
    new = stamped(path, text)
    if there is None:
        fate: Fate = "new"
    elif there == new:
        fate = "same"
    elif untouched(there) or force:
        fate = "update"
    else:
        fate = "edited" if _STAMP.match(there) else "foreign"
    return Planned(path=path, text=new, fate=fate)


def once(path: str, text: str, there: str | None) -> Planned:
    """A file that belongs to the owner as soon as it is there."""
    return Planned(path=path, text=text, fate="new" if there is None else "same")

"""What [egress] keeps from an endpoint that is not local: taken out of a prompt's facts before they are rendered.

The client refuses a request that holds such a file whoever made it; this is what makes requests that it lets pass.
"""

from collections.abc import Callable, Sequence
from typing import Any

from factory.contracts.finding import Finding
from factory.contracts.memory import Recalled
from factory.contracts.task import Pack
from factory.desk.pieces import blocks_of, parts_of
from factory.edits.paths import PathPolicy

GRANTS = "[grants]:"

Withheld = Callable[[str], str]
"""Why the contents of a path may not be sent; '' when they may."""


def permitted(fact: Any, withheld: Withheld) -> Any:
    """A fact of a prompt without the contents of files that are withheld; those are named instead."""
    if isinstance(fact, Pack):
        return _pack(fact, withheld)
    if isinstance(fact, Finding):
        hidden = fact.path and withheld(fact.path)
        return fact.but(evidence="", fix="") if hidden else fact
    if isinstance(fact, tuple):
        return tuple(permitted(item, withheld) for item in fact if not _secret_lesson(item, withheld))
    if isinstance(fact, str) and fact.startswith("diff --git "):
        return _diff(fact, withheld)
    return fact


def notice(path: str, why: str) -> str:
    return f"{path}: withheld by {_by(why)}"


def not_granted(reads: Sequence[str]) -> str:
    """The reason for a path that a grant does not cover."""
    return f"{GRANTS} only {', '.join(reads)} may be read"


def _by(why: str) -> str:
    return why if why.startswith(GRANTS) else f"[egress]: {why}"


def _pack(pack: Pack, withheld: Withheld) -> Pack:
    files = tuple(file for file in pack.files if not withheld(file.path))
    advice = tuple(item for item in pack.advice if not withheld(item.path))
    blocks = [(path, text) for path, text in blocks_of(pack.map) if not withheld(path)]
    named = [file.path for file in pack.files] + [item.path for item in pack.advice]
    named += [path for path, _ in blocks_of(pack.map)]
    hidden = [notice(path, withheld(path)) for path in dict.fromkeys(named) if withheld(path)]
    outline = "".join(text for _, text in blocks) + "".join(f"{line}\n" for line in hidden)
    lessons = permitted(pack.lessons, withheld)
    return pack.but(files=files, advice=advice, map=outline, lessons=lessons)


def _secret_lesson(item: Any, withheld: Withheld) -> bool:
    """A lesson names every file that it is about: one that is withheld withholds it."""
    return isinstance(item, Recalled) and any(map(withheld, item.paths))


def _diff(diff: str, withheld: Withheld) -> str:
    """Parts that touch a withheld file go, also by its former name; what cannot be read is withheld too."""
    kept, hidden = [], []
    for paths, part in parts_of(diff):
        why = next((withheld(path) for path in paths if withheld(path)), "") if paths else "its path cannot be read"
        if why:
            hidden.append(notice(paths[-1] if paths else "a changed file", why))
        else:
            kept.append(part)
    text = "".join(kept)
    return text + ("\n" if text and not text.endswith("\n") else "") + "".join(f"{line}\n" for line in hidden)


class Unseen(PathPolicy):
    """What a model may not see it may not change: an edit that does not match would show it the lines."""

    withheld: Withheld

    def refuse(self, path: str) -> str:
        why = self.withheld(path)
        return super().refuse(path) or (f"is withheld by {_by(why)}" if why else "")

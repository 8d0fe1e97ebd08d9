"""Two runs of one suite side by side. Pure functions on test id -> status."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from factory.contracts.evidence import CaseStatus

Cases = Mapping[str, CaseStatus]
RED = ("failed", "error")
WHOLE_RUN = "(the whole run)"  # the case that stands for a run without named cases


@dataclass(frozen=True)
class Comparison:
    """What became of each test from `before` to `after`."""

    suspects: tuple[str, ...] = ()  # not red (or absent) before, red after: broken or flaky
    fixed: tuple[str, ...] = ()
    preexisting: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    newly_skipped: tuple[str, ...] = ()


def compare(before: Cases, after: Cases) -> Comparison:
    """Tests of the same suite on two trees. A moved test (same class and name, other file) has not vanished."""
    red_before = {name for name, status in before.items() if status in RED}
    red_after = {name for name, status in after.items() if status in RED}
    added = after.keys() - before.keys()
    gone = before.keys() - after.keys()
    return Comparison(
        suspects=_sorted(red_after - red_before),
        fixed=_sorted(name for name in red_before if after.get(name) == "passed"),
        preexisting=_sorted(red_after & red_before),
        added=_sorted(added),
        vanished=_sorted(gone - moved(gone, added)),
        newly_skipped=_sorted(
            name for name, status in after.items() if status == "skipped" and before.get(name) in ("passed", *RED)
        ),
    )


def moved(gone: Iterable[str], added: Iterable[str]) -> set[str]:
    """Those of `gone` for which `added` has a test of the same class and name, one for one."""
    left = Counter(_tail(name) for name in added)
    found = set()
    for name in sorted(gone):
        if "::" in name and left[_tail(name)] > 0:
            left[_tail(name)] -= 1
            found.add(name)
    return found


def file_of(name: str) -> str:
    """The file in a test id of the form `path::…`, "" for ids that name none."""
    head = name.split("::", 1)[0]
    return head if "/" in head or "." in head else ""


def allowed(name: str, named: Iterable[str], folder: str = "") -> bool:
    """Does the plan name this test? As `path:test`, `path:class`, `path:class.test` or by its whole id; never by glob.

    Paths are the repository's; `folder` is the suite's, which the ids of its tests leave out.
    """
    return any(_fits(name, item, folder) for item in named)


def _fits(name: str, item: str, folder: str) -> bool:
    path, _, rest = item.partition(":")
    symbol = rest.lstrip(":")
    if not symbol or not _lies_in(name, path, folder):
        return False
    parts = name.split("::")[1:] or [name]
    bare = [part.split("[", 1)[0] for part in parts]
    whole = "::".join(bare)
    return symbol in ("::".join(parts), *parts, *bare) or whole in (symbol, symbol.replace(".", "::"))


def _lies_in(name: str, path: str, folder: str) -> bool:
    """Is `path` the file of this test? Ids of go, java and cargo name a package, a class and a target instead."""
    head, owned, _ = name.partition("::")
    place = PurePosixPath(path)
    if folder and folder not in map(str, place.parents):
        return False
    if not owned:
        return name != WHOLE_RUN
    if place.suffix == ".go":
        return place.parent.name in ("", head.rpartition("/")[2])
    if place.suffix in (".java", ".kt", ".groovy", ".scala"):
        return head.rpartition(".")[2].split("$", 1)[0] == place.stem
    return place.suffix == ".rs" or path == (f"{folder}/{head}" if folder else head)


def in_files(cases: Cases, files: Iterable[str], folder: str = "") -> dict[str, CaseStatus]:
    """The cases that lie in some files (repository paths); ids are relative to `folder`."""
    start = f"{folder}/" if folder else ""
    wanted = set(files)
    return {name: status for name, status in cases.items() if start + file_of(name) in wanted}


def _tail(name: str) -> str:
    return name.split("::", 1)[-1]


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))

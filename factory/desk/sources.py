"""What of the repository a prompt shows: the pack, the same for all units of a run, and what a unit needs beside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from factory.contracts.errors import EditProblem
from factory.contracts.memory import Recalled
from factory.contracts.plan import Unit
from factory.contracts.seams import Entry, TreeReader
from factory.contracts.task import Pack, PackFile
from factory.edits.globs import matches
from factory.edits.text import decode
from factory.llm.tokens import BYTES_PER_TOKEN, estimate
from factory.prompting import plain

LARGEST = 400_000  # bytes of a file that is worth showing
LEAST = 200  # bytes of room that are worth a file
_HEAD = 25  # tokens a prompt spends around one piece


@dataclass(frozen=True)
class Now:
    """What a unit sees beside the pack. `changed` are packed files that are others now and not shown again."""

    files: tuple[PackFile, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def now(
    trees: TreeReader, tree: str, unit: Unit, pack: Pack, tokens: int, first: str = "",
    withheld: Callable[[str], str] = lambda path: "",
) -> Now:  # fmt: skip
    """The file `first`, those the unit owns and reads, and packed ones that changed: all as they are in `tree`, whole.

    A file that the pack shows whole, and that is still the same, is left out. At most about `tokens` tokens; a file
    that does not fit whole is cut at its end, and says so.
    """
    entries = trees.entries(tree)
    gone, stale = _outdated(trees, entries, pack)
    room = tokens * BYTES_PER_TOKEN
    files: list[PackFile] = []
    for path, why in _wanted(entries, unit, first, stale):
        text = "" if withheld(path) else _text(trees, entries[path])
        if not text or _is_whole(pack, path, text) or room < LEAST:
            continue
        files.append(_whole(path, text, why, room))
        room -= len(files[-1].text.encode()) + _HEAD * BYTES_PER_TOKEN
    shown = {file.path for file in files}
    return Now(tuple(files), tuple(path for path in stale if plain(path) not in shown), gone)


def fitted(pack: Pack, tokens: int) -> Pack:
    """`pack` with as many of its files, in their order, as `tokens` hold, the rest of it counted in.

    The pack's own count of tokens says how dense its text is; a pack without one is estimated.
    """
    if pack.tokens and pack.tokens <= tokens:
        return pack
    whole = _size(pack)
    room = tokens * (whole / pack.tokens if pack.tokens else 1)
    rest = pack.but(files=())
    if _size(rest) > room:
        rest = _shortened(rest, room)
    room -= _size(rest)
    files = []
    for file in pack.files:
        room -= estimate(file.text) + _HEAD
        if room < 0:
            break
        files.append(file)
    return rest.but(files=tuple(files))


def few(lessons: Sequence[Recalled], tokens: int) -> tuple[Recalled, ...]:
    """As many lessons, from the first, as `tokens` hold."""
    found = []
    for each in lessons:
        tokens -= estimate(each.text + each.source + each.why) + _HEAD
        if tokens < 0:
            break
        found.append(each)
    return tuple(found)


def _shortened(pack: Pack, room: float) -> Pack:
    """Only a listing and a map, each at its first lines: for models with a very small window."""
    half = max(0, int(room / 2) - _HEAD)
    return pack.but(advice=(), lessons=(), tree=_first_lines(pack.tree, half), map=_first_lines(pack.map, half))


def _first_lines(text: str, tokens: int) -> str:
    raw = text.encode()[: tokens * BYTES_PER_TOKEN].decode(errors="ignore")
    return text if len(raw) == len(text) else raw[: raw.rfind("\n") + 1]


def _size(pack: Pack) -> int:
    """Tokens, estimated on the safe side."""
    texts = [file.text for file in pack.files] + [item.text for item in pack.advice]
    texts += [lesson.text for lesson in pack.lessons]
    return sum(estimate(text) + _HEAD for text in (pack.tree, pack.map, *texts) if text)


def _outdated(
    trees: TreeReader, entries: Mapping[str, Entry], pack: Pack
) -> tuple[tuple[str, ...], tuple[str, ...]]:  # fmt: skip
    """(packed files that are gone, packed files of which a piece is no longer what it was)."""
    named = {plain(path): path for path in entries}
    gone = [file.path for file in pack.files if file.path not in named]
    stale = [
        named[file.path]
        for file in pack.files
        if file.path in named and file.text.rstrip("\n") not in _text(trees, entries[named[file.path]])
    ]
    return tuple(dict.fromkeys(gone)), tuple(dict.fromkeys(stale))


def _wanted(
    entries: Mapping[str, Entry], unit: Unit, first: str, stale: tuple[str, ...]
) -> Iterator[tuple[str, str]]:  # fmt: skip
    seen: set[str] = set()
    named = (first,) if first in entries else ()
    groups = ((named, "named by the finding"), (unit.owns, "yours to change"), (unit.reads, "to read"),
              (stale, "changed since the work began"))  # fmt: skip
    for globs, why in groups:
        for glob in globs:
            for path in [glob] if glob in entries else sorted(path for path in entries if matches(glob, path)):
                if path not in seen and entries[path].mode.startswith("100") and entries[path].size <= LARGEST:
                    seen.add(path)
                    yield path, why


def _is_whole(pack: Pack, path: str, text: str) -> bool:
    """Does the pack show all of this very text?"""
    return any(file.path == plain(path) and file.start == 1 and file.text == text for file in pack.files)


def _whole(path: str, text: str, why: str, room: int) -> PackFile:
    lines = text.count("\n") + (not text.endswith("\n"))
    raw = text.encode()
    if len(raw) > room:
        cut = raw[:room].decode(errors="ignore")
        text = cut[: cut.rfind("\n") + 1] or cut
        why = f"{why}; the rest is left out: it has {lines} lines"
    return PackFile(path=plain(path), start=1, end=max(1, len(text.splitlines())), text=text, why=why)


def _text(trees: TreeReader, entry: Entry) -> str:
    """A file's text, '' when it is none."""
    if not entry.mode.startswith("100") or entry.size > LARGEST:
        return ""
    try:
        return decode(entry.path, trees.read(entry.oid)).seen
    except EditProblem:
        return ""

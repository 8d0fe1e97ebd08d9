"""The pack as a unit needs it: its own files as they are in its tree now, not as they were when the run began."""

from collections.abc import Iterator, Mapping

from factory.contracts.plan import Unit
from factory.contracts.seams import Entry, TreeReader
from factory.contracts.task import Pack, PackFile
from factory.edits.globs import matches
from factory.llm.tokens import BYTES_PER_TOKEN

LARGEST = 400_000  # bytes of a file that is worth showing


def fresh(trees: TreeReader, tree: str, unit: Unit, pack: Pack, tokens: int, first: str = "") -> Pack:
    """`pack` with the file `first`, those the unit owns and reads, then what else still is as it was packed.

    At most `tokens` of files; a file that does not fit whole is cut at its end.
    """
    entries = trees.entries(tree)
    room = tokens * BYTES_PER_TOKEN
    files: list[PackFile] = []
    for path, why in _wanted(entries, unit, first):
        text = _text(trees, entries[path])
        if text and room > 200:
            files.append(_whole(path, text, why, room))
            room -= len(files[-1].text)
    shown = {file.path for file in files}
    for file in pack.files:
        if file.path not in shown and len(file.text) <= room and _unchanged(trees, entries, file):
            files.append(file)
            room -= len(file.text)
    return pack.but(files=tuple(files))


def fitted(pack: Pack, tokens: int) -> Pack:
    """`pack` with as many of its files, in their order, as `tokens` hold."""
    room = tokens * BYTES_PER_TOKEN
    files = []
    for file in pack.files:
        room -= len(file.text)
        if room >= 0:
            files.append(file)
    return pack.but(files=tuple(files))


def _wanted(entries: Mapping[str, Entry], unit: Unit, first: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    named = (first,) if first in entries else ()
    for globs, why in ((named, "named by the finding"), (unit.owns, "yours to change"), (unit.reads, "to read")):
        for glob in globs:
            for path in [glob] if glob in entries else sorted(path for path in entries if matches(glob, path)):
                if path not in seen and entries[path].mode.startswith("100") and entries[path].size <= LARGEST:
                    seen.add(path)
                    yield path, why


def _whole(path: str, text: str, why: str, room: int) -> PackFile:
    if len(text) > room:
        text = text[: text.rfind("\n", 0, room) + 1] or text[:room]
        why = f"{why}; the rest is left out"
    return PackFile(path=path, start=1, end=max(1, len(text.splitlines())), text=text, why=why)


def _unchanged(trees: TreeReader, entries: Mapping[str, Entry], file: PackFile) -> bool:
    entry = entries.get(file.path)
    return entry is not None and file.text.rstrip("\n") in _text(trees, entry)


def _text(trees: TreeReader, entry: Entry) -> str:
    """A file's text, '' when it is binary."""
    raw = trees.read(entry.oid)
    return "" if b"\0" in raw[:8000] else raw.decode("utf-8", "replace").replace("\r\n", "\n")

"""What a model gets to see of a repository for one task: the tree, the files that matter, the house's own advice."""

from collections.abc import Iterator, Mapping

from factory.context.cut import cut
from factory.context.listing import listing
from factory.context.rank import Ranked, ranked
from factory.context.words import wanted
from factory.contracts.errors import EditProblem
from factory.contracts.seams import Entry, TreeReader
from factory.contracts.task import Advice, Pack, PackFile, Task
from factory.edits.text import decode
from factory.prompting import plain

CHARS_PER_TOKEN = 4  # an estimate that needs no tokenizer
TREE_SHARE, ADVICE_SHARE = 0.15, 0.15
MAX_FILES = 24
MAX_ADVICE = 6000  # characters of one file
MAX_BYTES = 1_000_000  # larger files are not shown
ADVICE = ("agents.md", "claude.md", "contributing.md", "contributing.rst")
_HEAD = 80  # characters a prompt spends around one piece


def gather(trees: TreeReader, tree: str, task: Task, tokens: int) -> Pack:
    """The pack for `task` from `tree` (the base commit's), of about `tokens` tokens at most. Deterministic.

    Reads the whole tree once (git's own search) and then only the files it shows.
    """
    entries = trees.entries(tree)
    room = tokens * CHARS_PER_TOKEN
    advice = tuple(_advice(trees, entries, int(room * ADVICE_SHARE)))
    order = ranked(trees, tree, wanted(task.title, task.body))
    text, omitted = listing(entries.keys(), [item.path for item in order[:MAX_FILES]], int(room * TREE_SHARE))
    room -= len(text) + sum(len(item.text) + _HEAD for item in advice)
    files = tuple(_files(trees, entries, order or _fallback(entries), room))
    used = len(text) + sum(len(item) + _HEAD for item in (*(a.text for a in advice), *(f.text for f in files)))
    return Pack(tree=text, tree_omitted=omitted, files=files, advice=advice, tokens=-(-used // CHARS_PER_TOKEN))


def _advice(trees: TreeReader, entries: Mapping[str, Entry], room: int) -> Iterator[Advice]:
    """The target's own instructions: root first, then .github and docs. A copy or a link of another is not repeated."""
    found = [path for path in entries if path.rpartition("/")[2].lower() in ADVICE]
    usual = [path for path in found if path.rpartition("/")[0] in ("", ".github", "docs")]
    seen: set[str] = set()
    for path in sorted(usual, key=lambda path: (path.count("/"), ADVICE.index(path.rpartition("/")[2].lower()), path)):
        entry = entries[path]
        if entry.oid in seen:
            continue
        seen.add(entry.oid)
        text = _text(trees, entry)
        limit = min(MAX_ADVICE, room - _HEAD)
        if not text.strip() or limit < 200:
            continue
        if len(text) > limit:
            text = text[: max(text.rfind("\n", 0, limit - 40), limit // 2)] + "\n[the rest was cut]\n"
        room -= len(text) + _HEAD
        yield Advice(path=plain(path), text=text)


def _files(trees: TreeReader, entries: Mapping[str, Entry], order: list[Ranked], room: int) -> Iterator[PackFile]:
    """Pieces of the best files while there is room; one file gets at most 40 % of what is left."""
    shown = 0
    for item in order:
        if shown == MAX_FILES or room < 400:
            return
        text = _text(trees, entries[item.path])
        pieces = cut(item.path, text, item.focus, int(room * 0.4) - _HEAD)
        shown += bool(pieces)
        for piece in pieces:
            room -= len(piece.text) + _HEAD
            yield PackFile(path=plain(item.path), start=piece.start, end=piece.end, text=piece.text, why=item.why)


def _fallback(entries: Mapping[str, Entry]) -> list[Ranked]:
    """An issue that names nothing: at least what the project says of itself."""
    readmes = sorted(
        (path.count("/"), path) for path in entries if path.rpartition("/")[2].lower().startswith("readme")
    )
    return [Ranked(path, 1.0, "the project's own description", ()) for _, path in readmes[:1]]


def _text(trees: TreeReader, entry: Entry) -> str:
    """'' for what is no text file of a sensible size."""
    if not entry.mode.startswith("100") or entry.size > MAX_BYTES:
        return ""
    try:
        return decode(entry.path, trees.read(entry.oid)).seen
    except EditProblem:
        return ""

"""What a model gets to see of a repository for one task, within a budget: the listing, a map, the files that matter,
the house's own advice, lessons. Deterministic: the same tree, task and lessons give the same pack.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat

from factory.codegraph.facts import NOTHING
from factory.codegraph.rank.embeddings import Embed
from factory.codegraph.rank.rank import Ranked
from factory.codegraph.view import View
from factory.context.choose import chosen
from factory.context.cut import cut
from factory.context.layout import LEAST, advised, laid_out, learned, shown, size
from factory.context.listing import listing
from factory.context.outline import outline
from factory.context.widen import Widened
from factory.contracts.errors import EditProblem
from factory.contracts.memory import Recalled
from factory.contracts.seams import Entry, TreeReader
from factory.contracts.task import Advice, Pack, PackFile, Task
from factory.edits.text import decode
from factory.llm.tokens import BYTES_PER_TOKEN, estimate
from factory.prompting import plain

TREE_SHARE, ADVICE_SHARE, MAP_SHARE, LESSONS_SHARE = 0.12, 0.12, 0.15, 0.1
FIRST, SECOND, OTHER = 0.55, 0.45, 0.3  # of what is left: the most that one file gets, by its rank
MAX_FILES = 24
MAX_ADVICE = 6000  # bytes of one file
MAX_BYTES = 1_000_000  # larger files are not shown
ADVICE = ("agents.md", "claude.md", "contributing.md", "contributing.rst")
ENOUGH, MARGIN = 0.93, 0.98  # of the budget: a pack this full is full; what is aimed at
TRIES = 3  # to fill a budget that a tokenizer counts

Recall = Callable[[tuple[str, ...], int], tuple[Recalled, ...]]
"""(paths at hand, tokens) -> lessons, best first."""


def nothing_withheld(path: str) -> str:
    return ""


@dataclass(frozen=True)
class Gatherer:
    """One task on one tree. `view` is None when the code graph cannot be had: then the issue's words must do.

    `count` is the model's own tokenizer. Files that `withheld` gives a reason for are neither read nor named.
    """

    trees: TreeReader
    tree: str
    task: Task
    view: View | None = None
    recall: Recall | None = None
    count: Callable[[str], int] | None = None
    withheld: Callable[[str], str] = nothing_withheld
    embed: Embed | None = None

    def pack(self, tokens: int) -> Pack:
        """At most `tokens` tokens, by `count`, or by the estimate where there is no tokenizer."""
        if self.count is None:
            found = self._packed(tokens * BYTES_PER_TOKEN, tokens)
            return found.but(tokens=estimate(laid_out(found)))
        first = laid_out(self._packed(tokens * BYTES_PER_TOKEN, tokens))
        room, best = int(tokens * MARGIN * size(first) / max(self.count(first), 1)), None
        for _ in range(TRIES):
            found = self._packed(room, tokens)
            text = laid_out(found)
            used = self.count(text)
            if used <= tokens and (best is None or best.tokens < used):
                best = found.but(tokens=used)
            if used <= tokens and (used >= tokens * ENOUGH or size(text) < room * ENOUGH):
                break
            room = int(room * MARGIN * tokens / max(used, 1))
        if best is None:  # a token is a byte at least
            best = self._packed(tokens - 8, tokens)
            best = best.but(tokens=self.count(laid_out(best)))
        return best

    @cached_property
    def order(self) -> list[Ranked]:
        """The files that matter, best first."""
        issue = f"{self.task.title}\n{self.task.body}"
        found = chosen(self.view, self.trees, self.tree, issue, self.embed)
        return [one for one in found if not self.withheld(one.path)]

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        return self.trees.entries(self.tree)

    def _packed(self, room: int, tokens: int) -> Pack:
        """At most `room` bytes, all titles counted in."""
        left = room - LEAST
        advice = tuple(self._advice(int(left * ADVICE_SHARE)))
        paths = [one.path for one in self.order[:MAX_FILES]]
        text, omitted = listing(self.entries.keys(), paths, max(0, int(left * TREE_SHARE)))
        lessons = self._lessons(int(left * LESSONS_SHARE), tokens)
        left -= size(text) + sum(size(advised(each)) for each in advice)
        left -= sum(size(learned(each.text, each.source, each.why)) for each in lessons)
        reserved = int(room * MAP_SHARE) if self.view else 0
        files = tuple(self._files(left - reserved))
        left -= sum(size(shown(file)) for file in files)
        drawn = self._map(files, min(left, int(room * 0.25))) if self.view else ""
        return Pack(tree=text, tree_omitted=omitted, map=drawn, files=files, advice=advice, lessons=lessons)

    def _lessons(self, room: int, tokens: int) -> tuple[Recalled, ...]:
        found = []
        for each in self._recalled(int(tokens * LESSONS_SHARE)) if self.recall else ():
            room -= size(learned(each.text, each.source, each.why))
            if room < 0:
                break
            found.append(each)
        return tuple(found)

    def _recalled(self, tokens: int) -> tuple[Recalled, ...]:
        if "recalled" not in self.__dict__:  # asked once, however often the pack is made
            assert self.recall
            self.__dict__["recalled"] = self.recall(tuple(one.path for one in self.order[:MAX_FILES]), tokens)
        found: tuple[Recalled, ...] = self.__dict__["recalled"]
        return found

    def _files(self, room: int) -> Iterator[PackFile]:
        """Pieces of the best files while there is room."""
        shown_files = 0
        for item, share in zip(self.order, chain((FIRST, SECOND), repeat(OTHER)), strict=False):
            if shown_files == MAX_FILES or room < 400:
                return
            facts = self.view.facts(item.path) if self.view else NOTHING

            def cost(start: int, end: int, text: str, said: str, item: Ranked = item) -> int:
                return size(shown(_file(item, start, end, text, said)))

            pieces = cut(self._text(item.path), facts, item.focus, int(room * share), cost, share > OTHER)
            shown_files += bool(pieces)
            for piece in pieces:
                room -= cost(*piece)
                yield _file(item, *piece)

    def _map(self, files: Sequence[PackFile], room: int) -> str:
        assert self.view
        allowed = [entry for entry in self._widened.entries(self.order, files) if not self.withheld(entry.path)]
        return outline(self.view, allowed, room)

    @cached_property
    def _widened(self) -> Widened:
        assert self.view
        return Widened(self.view)

    def _advice(self, room: int) -> Iterator[Advice]:
        """The target's own instructions: root first, then .github and docs. A copy or link is not repeated."""
        found = [path for path in self.entries if path.rpartition("/")[2].lower() in ADVICE]
        usual = [path for path in found if path.rpartition("/")[0] in ("", ".github", "docs")]
        seen: set[str] = set()
        for path in sorted(usual, key=_rank_of_advice):
            entry = self.entries[path]
            text = "" if entry.oid in seen or self.withheld(path) else self._text(path)
            seen.add(entry.oid)
            limit = min(MAX_ADVICE, room - size(advised(Advice(path=plain(path), text=""))) - 40)
            if not text.strip() or limit < 200:
                continue
            item = Advice(path=plain(path), text=_first(text, limit))
            room -= size(advised(item))
            if room >= 0:
                yield item

    def _text(self, path: str) -> str:
        """'' for what is no text file of a sensible size."""
        entry = self.entries[path]
        if not entry.mode.startswith("100") or entry.size > MAX_BYTES:
            return ""
        try:
            return decode(entry.path, self.trees.read(entry.oid)).seen
        except EditProblem:
            return ""


def _file(item: Ranked, start: int, end: int, text: str, said: str) -> PackFile:
    why = "; ".join(part for part in (item.why, said) if part)
    return PackFile(path=plain(item.path), start=start, end=end, text=text, why=plain(why))


def _rank_of_advice(path: str) -> tuple[int, int, str]:
    return path.count("/"), ADVICE.index(path.rpartition("/")[2].lower()), path


def _first(text: str, limit: int) -> str:
    """The first lines of a text, `limit` bytes at most, with a word when that is not all."""
    if size(text) <= limit:
        return text
    head = text.encode()[: limit - 30].decode(errors="ignore")
    return head[: max(head.rfind("\n"), len(head) // 2)] + "\n[the rest was cut]\n"

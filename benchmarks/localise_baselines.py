"""What the ranking is measured against: BM25 over whole files, and a count of the words as grep finds them."""

import json
import math
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from benchmarks.localise_tasks import LARGEST, Task, is_code, is_source, tree
from factory.codegraph.words import STOP, words_in

K1, B = 1.2, 0.75
SHORTEST = 4  # letters of a word that grep looks for
_NAME = re.compile(r"[^\W\d_]\w*")


class Texts:
    """The blobs of one clone, each read and taken apart once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._git = subprocess.Popen(
            ["git", "-C", str(folder), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.text = cache(self._text)
        self.words = cache(self._words)

    def close(self) -> None:
        self._git.communicate()

    def _text(self, blob: str) -> str:
        assert self._git.stdin
        assert self._git.stdout
        self._git.stdin.write(f"{blob}\n".encode())
        self._git.stdin.flush()
        head = self._git.stdout.readline().split()
        if len(head) < 3:
            return ""  # not in the clone
        return self._git.stdout.read(int(head[2]) + 1)[:-1].decode("utf-8", "replace")

    def _words(self, blob: str) -> tuple[Mapping[str, int], int]:
        counts: Counter[str] = Counter()
        for name, count in Counter(_NAME.findall(self.text(blob))).items():
            for word in words_in(name):
                counts[word] += count
        return counts, sum(counts.values())


def candidates(texts: Texts, task: Task, wanted: Callable[[str], bool]) -> dict[str, str]:
    """Blob by path of the files that are ranked."""
    files = tree(texts.folder, task.parent)
    return {path: blob for path, (blob, size) in files.items() if wanted(path) and size <= LARGEST}


def bm25(texts: Texts, files: Mapping[str, str], query: str) -> list[str]:
    """Robertson's, over the same words as the ranking's own: apart, stemmed, whole files with their comments."""
    asked = Counter(word for name in _NAME.findall(query) for word in words_in(name))
    if not files:
        return []
    held = {path: texts.words(blob) for path, blob in files.items()}
    average = sum(size for _, size in held.values()) / len(held) or 1.0
    scores = dict.fromkeys(files, 0.0)
    for word, times in asked.items():
        having = [path for path, (counts, _) in held.items() if word in counts]
        rarity = math.log(1 + (len(held) - len(having) + 0.5) / (len(having) + 0.5))
        for path in having:
            counts, size = held[path]
            scores[path] += (
                times * rarity * (K1 + 1) * counts[word] / (counts[word] + K1 * (1 - B + B * size / average))
            )
    return _ordered(scores)


def grep(texts: Texts, files: Mapping[str, str], query: str) -> list[str]:
    """Files by how often they hold the query's words, wherever and in whatever case."""
    words = {name.lower() for name in _NAME.findall(query) if len(name) >= SHORTEST} - STOP
    scores = {}
    for path, blob in files.items():
        text = texts.text(blob).lower()
        scores[path] = sum(text.count(word) for word in words)
    return _ordered(scores)


def _ordered(scores: Mapping[str, float]) -> list[str]:
    return sorted((path for path in scores if scores[path] > 0), key=lambda path: (-scores[path], path))


def aider(python: Path, texts: Texts, tasks: Sequence[Task]) -> list[list[str]]:
    """For each task the order of aider's map of the candidates, which are written out for it."""
    with tempfile.TemporaryDirectory(prefix="localise-") as folder:
        asked = []
        for task in tasks:
            root, files = Path(folder, task.sha), candidates(texts, task, is_source)
            for path, blob in files.items():
                file = root / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(texts.text(blob))
            asked.append({"root": str(root), "files": list(files), "query": task.query})
        done = subprocess.run(
            [python, Path(__file__).parent / "localise_aider.py"], cwd=folder, check=True, stdout=subprocess.PIPE,
            input=json.dumps(asked), text=True,
        )  # fmt: skip
    found: list[list[str]] = json.loads(done.stdout.rpartition("\n")[2])
    return found


METHODS: dict[str, Callable[[Texts, Task, str], list[str]]] = {
    "BM25": lambda texts, task, query: bm25(texts, candidates(texts, task, is_source), query),
    "BM25, tests in": lambda texts, task, query: bm25(texts, candidates(texts, task, is_code), query),
    "grep count": lambda texts, task, query: grep(texts, candidates(texts, task, is_source), query),
}

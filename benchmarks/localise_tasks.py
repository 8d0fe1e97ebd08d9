"""Bug fixes from real history as tasks: the message is the query, the source files that it changed are the gold."""

import re
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data" / "localise.toml"
SOURCE = {
    "py": "Python", "pyi": "Python", "js": "JavaScript", "jsx": "JavaScript", "mjs": "JavaScript", "cjs": "JavaScript",
    "ts": "TypeScript", "tsx": "TypeScript", "mts": "TypeScript", "cts": "TypeScript", "go": "Go", "rs": "Rust",
    "java": "Java", "kt": "Kotlin", "c": "C", "h": "C", "cc": "C++", "cpp": "C++", "hpp": "C++", "cs": "C#",
    "rb": "Ruby", "php": "PHP", "swift": "Swift", "sh": "Bash",
}  # fmt: skip
LARGEST = 1 << 20  # bytes of a file that is looked at
_TEST = re.compile(
    r"(^|/)(tests?([-_.][^/]*)?|testing|__tests__|__mocks__|specs?|testdata|fixtures?|e2e|conftest\.py)(/|$)"
    r"|(^|/)test_[^/]*$|[-_.](test|tests|spec)\.\w+$|Tests?\.(java|kt|cs)$",
    re.IGNORECASE,
)
_NO_SOURCE = re.compile(
    r"(^|/)(vendor|node_modules|third_party|_vendor|dist|docs?|documentation|examples?|samples?|bench(es|marks?)?)/"
    r"|\.min\.js$|\.config\.[cm]?[jt]s$"
    r"|(^|/)(setup|conf|noxfile|tasks|__version__|_version|__about__|gulpfile|Gruntfile|version|bindata)\.\w+$"
)
_NAME = r"[\w.@+-]+"
_PATH = re.compile(rf"(?<![\w/])[./]*{_NAME}(?:/{_NAME})*/?")
_TRAILER = re.compile(r"^(?:[A-Z][\w]*(?:-[\w]+)+|Fixes|Closes|Refs?|Issue|Bug|PR|See|Resolves|Link)\s*:.*$", re.M)
_GONE = re.compile(
    r"```diff.*?(?:```|\Z)|^(?:diff --git|@@|\+\+\+|---).*$|^\(?cherry.picked.*$|https?://\S+|\bGH-\d+|[\w.-]*#\d+"
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b|\S+@\S+\.\w+",
    re.DOTALL | re.M,
)
_SCOPE = re.compile(r"^\s*(?:[\w.*+`-]+(?:/[\w.*+`-]*)*(?:\([^)\n]*\))?,?\s*(?:and\s+)?){1,2}!?:\s+(?=\S)")


class Task(NamedTuple):
    """`bare` is the query without the subject's scope ("fix(core): …", "http: …"); `gold` exists in `parent`."""

    repository: str
    language: str
    half: str  # fit, judged
    held: bool  # no commit of its repository was fitted on
    sha: str
    parent: str
    query: str
    bare: str
    gold: tuple[str, ...]


def tasks(clones: Path, data: Path = DATA) -> list[Task]:
    """All of the list, in its order; query and gold are read from the clones (`OWNER+NAME/repo`)."""
    found = []
    for row in tomllib.loads(data.read_text())["repository"]:
        folder = clone(clones, row["name"])
        for half in ("fit", "judged"):
            for sha in row[half]:
                found.append(_task(folder, row["name"], row["language"], half, not row["fit"], sha))
    return found


def clone(clones: Path, name: str) -> Path:
    folder = clones / name.replace("/", "+")
    return folder / "repo" if (folder / "repo").is_dir() else folder


def git(folder: Path, *command: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def is_test(path: str) -> bool:
    return bool(_TEST.search(path))


def is_source(path: str) -> bool:
    """A file that people write to make the program, by its path; tests, documentation and examples are none."""
    return is_code(path) and not is_test(path) and not _NO_SOURCE.search(path)


def is_code(path: str) -> bool:
    return path.rpartition(".")[2] in SOURCE and not _NO_SOURCE.search(path)


@lru_cache(maxsize=4)
def tree(folder: Path, commit: str) -> dict[str, tuple[str, int]]:
    """(blob, size) by path of the regular files of a commit."""
    found = {}
    for line in git(folder, "ls-tree", "-r", "-l", "-z", commit).split("\0"):
        head, _, path = line.partition("\t")
        if head.startswith("100"):
            _, _, blob, size = head.split()
            found[path] = (blob, int(size) if size.isdigit() else LARGEST + 1)  # "BAD": not in the clone
    return found


def _task(folder: Path, name: str, language: str, half: str, held: bool, sha: str) -> Task:
    parent, _, message = git(folder, "log", "-1", "--format=%P%x00%B", sha).partition("\0")
    changed = git(folder, "diff-tree", "-r", "--no-commit-id", "--name-status", "-z", sha).split("\0")
    gold = tuple(path for status, path in zip(changed[::2], changed[1::2], strict=False) if status == "M")
    query = cleaned(message, frozenset(tree(folder, parent)))
    gold = tuple(path for path in gold if is_source(path))
    return Task(name, language, half, held, sha, parent, query, without_scope(query), gold)


def cleaned(message: str, paths: frozenset[str]) -> str:
    """The message without paths, hashes, addresses, numbers of issues, trailers and diffs."""
    text = _GONE.sub(" ", _TRAILER.sub("", message[:20_000]))
    ends = _ends(paths)
    text = _PATH.sub(lambda match: "" if _is_path(match[0], ends) else match[0], text)
    text = re.sub(r"\(\s*(?:,\s*)*\)", "", text)
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if re.search(r"\w", line))[:4000]


def without_scope(query: str) -> str:
    """Twice: "fix: http: …" has two."""
    return _SCOPE.sub("", _SCOPE.sub("", query))


def _is_path(token: str, ends: frozenset[str]) -> bool:
    token = token.strip("./")
    return ("." in token and token.rpartition(".")[2] in SOURCE) or ("/" in token and token in ends)


@lru_cache(maxsize=4)
def _ends(paths: frozenset[str]) -> frozenset[str]:
    """Every file and folder of a tree from any of its parts on, with and without the file's ending."""
    found = set()
    for path in paths:
        for whole in (path, path.rpartition(".")[0]):
            parts = whole.split("/")
            for start in range(len(parts)):
                for end in range(start + 2, len(parts) + 1):
                    found.add("/".join(parts[start:end]))
    return frozenset(found)


def batches(found: Sequence[Task]) -> Iterator[tuple[str, list[Task]]]:
    """By repository."""
    for name in dict.fromkeys(task.repository for task in found):
        yield name, [task for task in found if task.repository == name]

"""Chooses the commits of `data/localise.toml`: `python -m benchmarks.localise_choose --clones FOLDER > …`.

By rules alone, before anything was ranked: no result decides what is in the list.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.localise_tasks import cleaned, clone, git, is_source, tree, without_scope
from factory.codegraph.words import query_words

REPOSITORIES = {
    "pallets/click": "Python", "psf/requests": "Python", "pytest-dev/pytest": "Python", "pallets/flask": "Python",
    "encode/httpx": "Python", "gin-gonic/gin": "Go", "spf13/cobra": "Go", "prometheus/prometheus": "Go",
    "axios/axios": "JavaScript", "eslint/eslint": "JavaScript", "sveltejs/svelte": "JavaScript",
    "vuejs/core": "TypeScript", "BurntSushi/ripgrep": "Rust", "tokio-rs/tokio": "Rust", "clap-rs/clap": "Rust",
    "google/gson": "Java", "mockito/mockito": "Java",
    "pallets/werkzeug": "Python", "scrapy/scrapy": "Python", "labstack/echo": "Go", "fastify/fastify": "JavaScript",
    "colinhacks/zod": "TypeScript", "hyperium/hyper": "Rust", "square/retrofit": "Java",
}  # fmt: skip
FIT_ONLY = tuple(REPOSITORIES)[-7:]
HELD = ("encode/httpx", "sveltejs/svelte", "clap-rs/clap", "mockito/mockito")  # judged only
FIT, JUDGED, JUDGED_HELD = 24, 14, 18  # commits of one repository
SINCE = "2017-01-01"
MOST_GOLD, LEAST_WORDS = 5, 4
_FIX = re.compile(
    r"\b(fix(e[sd])?|bug(s|fix)?|crash(e[sd])?|regression|broken|incorrect(ly)?|wrong(ly)?|panics?|leaks?|deadlock|"
    r"race|hangs?|fail(s|ed|ure)?)\b", re.IGNORECASE,
)  # fmt: skip
_BUG = re.compile(
    r"\b(bugs?|crash(e[sd])?|regression|panics?|deadlock|nil dereference)\b", re.IGNORECASE
)  # in the body
_NOT = re.compile(
    r"^\W*(docs?|chore|ci|build|test|tests|style|refactor|perf|release|revert|bump|changelog|lint|deps|feat)\b"
    r"|\b(typos?|spelling|grammar|readme|changelog|lint(er|ing)?|mypy|clippy|flake8|pylint|warnings?|formatting"
    r"|comments?|docs?|docstrings?|documentation|javadocs?|bump|version|release|revert"
    r"|broken link|ci|tests?|rustdoc|upgrade)\b",
    re.IGNORECASE,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("names", nargs="*", help="all when none is named")
    arguments = parser.parse_args()
    clones = arguments.clones
    print("# Made by benchmarks/localise_choose.py: bug fixes, oldest first; the older ones are fitted on.")
    for name in arguments.names or REPOSITORIES:
        language = REPOSITORIES[name]
        shas = list(_fixes(clone(clones, name)))
        fit, judged = (0, JUDGED_HELD) if name in HELD else (FIT, 0) if name in FIT_ONLY else (FIT, JUDGED)
        shas = _spread(shas, fit + judged)
        cut = round(len(shas) * fit / (fit + judged))
        print(f'\n[[repository]]\nname = "{name}"\nlanguage = "{language}"')
        for half, part in (("fit", shas[:cut]), ("judged", shas[cut:])):
            print(f"{half} = [" + "".join(f'\n  "{sha}",' for sha in part) + ("\n]" if part else "]"))


def _spread(shas: list[str], most: int) -> list[str]:
    if len(shas) <= most:
        return shas
    return [shas[int(index * len(shas) / most)] for index in range(most)]


def _fixes(folder: Path) -> Iterator[str]:
    log = git(
        folder, "log", "--no-merges", "--reverse", f"--since={SINCE}", "--no-renames", "--name-status",
        "--format=%x01%H%x00%P%x00%B%x00",
    )  # fmt: skip
    for entry in log.split("\x01")[1:]:
        sha, parent, message, changes = entry.split("\0")
        subject = message.strip().partition("\n")[0]
        if not parent or _NOT.search(subject) or not (_FIX.search(subject) or _BUG.search(message)):
            continue
        changed = [line.split("\t") for line in changes.strip().splitlines()]
        source = [row for row in changed if is_source(row[-1])]
        if not 1 <= len(source) <= MOST_GOLD or any(row[0] not in "MA" for row in source):
            continue
        if any(row[0] == "M" for row in source) and _informs(folder, parent, message):
            yield sha


def _informs(folder: Path, parent: str, message: str) -> bool:
    words = query_words(without_scope(cleaned(message, frozenset(tree(folder, parent)))))
    return len(words) >= LEAST_WORDS


if __name__ == "__main__":
    main()

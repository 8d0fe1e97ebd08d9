"""One file as detectors see it: text, lines and syntax, each made once when it is first asked for.

Everything in it was written by strangers. A file that cannot be parsed has no syntax, and says so.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeVar, cast

N = TypeVar("N", bound=ast.AST)
Known = TypeVar("Known")

LANGUAGES: dict[str, str] = {
    ".py": "python", ".pyi": "python",
    ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
}  # fmt: skip
SCRIPT = ("javascript", "typescript", "tsx")
_TEST = re.compile(r"(^|/)(tests?|__tests__|testing|spec|e2e|fixtures?)/|(^|/)(test_[^/]*|conftest)\.py$|_test\.py$"
                   r"|\.(test|spec|cy)\.[cm]?[jt]sx?$")  # fmt: skip


@dataclass(frozen=True)
class Source:
    """`path` is the name in the tree, never opened; `data` the file's bytes."""

    path: str
    data: bytes

    @property
    def language(self) -> str:
        return LANGUAGES.get(PurePosixPath(self.path).suffix.lower(), "")

    @property
    def is_test(self) -> bool:
        return bool(_TEST.search(self.path))

    @cached_property
    def text(self) -> str:
        return self.data.decode("utf-8-sig", errors="replace")

    @cached_property
    def lines(self) -> list[str]:
        """As editors and parsers count them: ends are \\n, \\r\\n and \\r only."""
        return re.split(r"\r\n|\n|\r", self.text)

    def line(self, number: int) -> str:
        """1-based; "" beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    @cached_property
    def module(self) -> ast.Module | None:
        """Python's own syntax tree; None for other languages, and for what Python cannot parse."""
        if self.language != "python":
            return None
        try:
            return ast.parse(self.text, filename="<source>")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def _nodes(self) -> dict[type[ast.AST], list[ast.AST]]:
        """All nodes by type, in the order of `ast.walk`: walked once, however many detectors look."""
        found: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        if self.module is not None:
            for node in ast.walk(self.module):
                found[type(node)].append(node)
        return found

    def nodes(self, *kinds: type[N]) -> Iterator[N]:
        """Every node of these exact types (list `ast.FunctionDef` and `ast.AsyncFunctionDef` both where both count)."""
        for kind in kinds:
            yield from cast("list[N]", self._nodes.get(kind, []))

    @cached_property
    def _by_line(self) -> dict[int, list[ast.AST]]:
        found: dict[int, list[ast.AST]] = defaultdict(list)
        for nodes in self._nodes.values():
            for node in nodes:
                if hasattr(node, "lineno"):
                    found[node.lineno].append(node)
        return found

    def starting(self, line: int, *kinds: type[N]) -> Iterator[N]:
        """Those of `nodes(*kinds)` that begin on this line: a file may have thousands of hits."""
        yield from (cast("N", node) for node in self._by_line.get(line, ()) if type(node) in kinds)

    @cached_property
    def _known(self) -> dict[Hashable, Any]:
        return {}

    def once(self, key: Hashable, work_out: Callable[[], Known]) -> Known:
        """What is worked out for the whole file or a part of it: once, however many hits ask."""
        if key not in self._known:
            self._known[key] = work_out()
        return cast("Known", self._known[key])

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Whether the text has it anywhere."""
        return self.once(pattern, lambda: pattern.search(self.text) is not None)

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for nodes in self._nodes.values() for node in nodes for child in ast.iter_child_nodes(node)}

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """From the nearest outwards."""
        found = self._parents.get(node)
        while found is not None:
            yield found
            found = self._parents.get(found)

"""Files and sockets that are opened and not closed."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import full, functions, scope_around, text_of, written
from factory.hunt.script.keep import kept
from factory.hunt.source import Source

_OPENS = frozenset(
    "open io.open codecs.open gzip.open bz2.open lzma.open os.fdopen tarfile.open zipfile.ZipFile socket.socket "
    "socket.create_connection urllib.request.urlopen shelve.open tempfile.TemporaryFile".split()
)
_ONCE = frozenset("read readlines readline write writelines getvalue extractall namelist load".split())
_READERS = frozenset(
    "json.load yaml.safe_load yaml.load pickle.load toml.load tomllib.load csv.reader csv.DictReader list sorted set "
    "tuple len enumerate str dict sum max min any all zip map filter json.dump yaml.dump pickle.dump".split()
)
_FIX = "Open it in a `with` statement, or use `Path.read_text`, `write_text` and the like."


def _look(source: Source) -> Iterator[Hit]:
    if source.language != "python" or source.path.rpartition("/")[2] in ("setup.py", "conf.py"):
        return
    for call in source.nodes(ast.Call):
        name = _opened(source, call)
        if not name:
            continue
        parent = next(source.parents(call), None)
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
            if _is_lost(source, call, parent.targets[0].id):
                yield _hit(source, call, f"{parent.targets[0].id} is opened with `{name}` and never closed")
        elif _is_used_up(source, call, parent):
            yield _hit(source, call, f"What `{name}` opens is used once and never closed")


def _opened(source: Source, call: ast.Call) -> str:
    """The opener's name, "" when it is none."""
    name = full(source, call.func) or written(call.func)
    if name in _OPENS:
        return name if name != "open" or _is_builtin(source) else ""
    if _is_path_by_use(source, call):
        return "open"
    if name == "pathlib.Path.open" or (isinstance(call.func, ast.Attribute) and call.func.attr == "open"
                                       and _is_path(source, call.func.value)):  # fmt: skip
        return "Path.open"
    return ""


def _is_path_by_use(source: Source, call: ast.Call) -> bool:
    """`json.load(path.open("r"))`: opened with a mode or nothing, in the midst of what reads or writes it."""
    parent = next(source.parents(call), None)
    modes = [text_of(each) for each in call.args]
    return (
        isinstance(call.func, ast.Attribute) and call.func.attr == "open" and isinstance(call.func.value, ast.Name)
        and not full(source, call.func) and not call.keywords
        and all(mode is not None and re.fullmatch(r"[rwaxbt+]{1,3}", mode) for mode in modes)
        and isinstance(parent, ast.Call) and re.search(r"\.(?:load|safe_load|dump)$", written(parent.func)) is not None
    )  # fmt: skip


def _is_builtin(source: Source) -> bool:
    return not source.once("own open", lambda: any(function.name == "open" for function in functions(source)))


def _is_path(source: Source, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and full(source, node.func) in ("pathlib.Path", "pathlib.PosixPath")


def _is_used_up(source: Source, call: ast.Call, parent: ast.AST | None) -> bool:
    """`open(p).read()`, `json.load(open(p))`, `for line in open(p)`: nobody can close it any more."""
    if isinstance(parent, ast.Attribute):
        return parent.attr in _ONCE and isinstance(next(source.parents(parent), None), ast.Call)
    if isinstance(parent, ast.Call):
        name = full(source, parent.func) or written(parent.func)
        return (name in _READERS or _is_path_by_use(source, call)) and any(call is each for each in parent.args)
    if isinstance(parent, ast.For):
        return parent.iter is call
    if isinstance(parent, ast.comprehension):
        return parent.iter is call
    return isinstance(parent, ast.Expr) and _is_for_touching(call)


def _is_for_touching(call: ast.Call) -> bool:
    """`open(path, "w")` alone: makes an empty file, and leaves it open."""
    return len(call.args) > 1 and text_of(call.args[1]) in ("w", "a", "wb", "ab", "x")


def _is_lost(source: Source, call: ast.Call, name: str) -> bool:
    """Whether a local name is the only thing that holds it, and all that is done is reading or writing."""
    scope = scope_around(source, call)
    if scope is None or isinstance(scope, ast.Module):
        return False
    mentions = source.once(("mentions", scope), lambda: _mentions(scope))[name]
    reads = [node for node in mentions if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    others = [node for node in mentions if not isinstance(node, ast.Name) or isinstance(node.ctx, ast.Del)]
    return bool(reads) and not others and all(_only_uses(source, node) for node in reads)


def _mentions(scope: ast.AST) -> dict[str, list[ast.Name | ast.Global | ast.Nonlocal]]:
    found: dict[str, list[ast.Name | ast.Global | ast.Nonlocal]] = defaultdict(list)
    for node in ast.walk(scope):
        if isinstance(node, ast.Name):
            found[node.id].append(node)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            for name in node.names:
                found[name].append(node)
    return found


def _only_uses(source: Source, node: ast.Name) -> bool:
    """`f.read()`, `for line in f`, `json.load(f)`: none of them closes it or hands it on."""
    parent = next(source.parents(node), None)
    if isinstance(parent, ast.Attribute):
        called = next(source.parents(parent), None)
        return isinstance(called, ast.Call) and called.func is parent and parent.attr not in (
            "close", "fileno", "__exit__", "__enter__", "detach", "shutdown", "makefile", "server_close",
        )  # fmt: skip
    if isinstance(parent, ast.Call):
        return (full(source, parent.func) or written(parent.func)) in _READERS and parent.func is not node
    return isinstance(parent, ast.For | ast.comprehension) and parent.iter is node


def _hit(source: Source, call: ast.Call, message: str) -> Hit:
    return Hit(source.path, call.lineno, message, fix=_FIX)


DETECTOR = Detector(
    id="resource-leak",
    title="Opened and never closed",
    why="It stays open until the collector comes by: what was written may be missing, and a long-lived process runs "
    "out of file descriptors.",
    severity="low",
    confidence=0.85,
    category="CWE-772",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={"ast-grep": ("js-open-file",)},
    keep=kept,
    look=_look,
)

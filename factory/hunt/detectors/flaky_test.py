"""Tests whose result depends on the clock, on chance, on an order that is none, or on the network."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import Function, calls, full, function_around, statement_of, text_of, value_of, written
from factory.hunt.script.keep import kept
from factory.hunt.source import Source

_CLOCKS = frozenset(f"time.{name}" for name in ("time", "monotonic", "perf_counter"))
_NOW = frozenset(("datetime.datetime.now", "datetime.datetime.utcnow", "time.time"))
_REQUESTS = frozenset(
    [f"{library}.{verb}" for library in ("requests", "httpx") for verb in ("get", "post", "put", "head", "request")]
    + ["urllib.request.urlopen", "urllib.request.urlretrieve", "socket.create_connection"]
)
_RANDOM = re.compile(
    r"(?:random|numpy\.random|secrets)\.(?:random|randint|randrange|choice|choices|uniform|shuffle|sample|rand|randn)$"
)
_DOUBLES = re.compile(
    r"\b(?:mock|patch|responses|respx|httpserver|httpbin|vcr|requests_mock|monkeypatch|aioresponses|pytest_httpx|freeze"
    r"|localhost|live_server|network|online|internet|flaky|skip\w*|xfail)\b"
)
_SEEDED = re.compile(r"seed|default_rng|Random\(")
_TIGHT = 2.0  # seconds: a machine under load is slower than that
_SHORT = 0.01  # seconds of sleep that only yield


def _look(source: Source) -> Iterator[Hit]:
    if source.language != "python" or not source.is_test:
        return
    for call, name in calls(source):
        test = _test_around(source, call)
        if test is not None:
            yield from _called(source, call, name, test)
    for node in source.nodes(ast.Assert):
        if _test_around(source, node) is not None:
            yield from _asserted(source, node, node.test)


def _test_around(source: Source, node: ast.AST) -> Function | None:
    """The test that it stands in directly: what a test defines may run in another thread, or as a server."""
    function = function_around(source, node)
    if function is None or not function.name.startswith("test"):
        return None
    return None if any(isinstance(each, ast.Lambda) for each in source.parents(node)) else function


def _called(source: Source, call: ast.Call, name: str, test: Function) -> Iterator[Hit]:
    if name in ("time.sleep", "asyncio.sleep") and _sleeps(source, call, test):
        yield Hit(source.path, call.lineno, f"{test.name} sleeps and then expects something to have happened",
                  confidence=0.55 if _is_judged_next(source, call) else 0.4,
                  fix="Wait for the event itself with a deadline, or pass a clock in.")  # fmt: skip
    elif name in _REQUESTS and _goes_out(source, call, test):
        yield Hit(source.path, call.lineno, f"{test.name} asks a real server", confidence=0.85,
                  fix="Ask a server that the test starts, or a recorded answer.")  # fmt: skip
    elif _RANDOM.match(name) and not source.has(_SEEDED) and _is_judged(source, call):
        yield Hit(source.path, call.lineno, f"{test.name} judges a random value without a seed", confidence=0.7,
                  fix="Use `random.Random(0)`, or say the seed in the failure.")  # fmt: skip


def _sleeps(source: Source, call: ast.Call, test: Function) -> bool:
    """For a fixed time, not in a loop that waits for something, and something is asserted afterwards."""
    seconds = call.args[0] if call.args else None
    if not isinstance(seconds, ast.Constant) or not isinstance(seconds.value, int | float) or seconds.value < _SHORT:
        return False
    if any(isinstance(each, ast.While | ast.For | ast.AsyncFor) for each in source.parents(call)):
        return False
    return any(isinstance(node, ast.Assert) and node.lineno > call.lineno for node in ast.walk(test))


def _is_judged_next(source: Source, call: ast.Call) -> bool:
    """The next statement is an `assert`: where more is done first, the pause is often what is tested."""
    stmt = statement_of(source, call)
    block = getattr(next(source.parents(stmt), None), "body", []) if stmt else []
    return any(one is stmt and isinstance(after, ast.Assert) for one, after in pairwise(block))


def _goes_out(source: Source, call: ast.Call, test: Function) -> bool:
    """To an address in the world, with nothing in the test that would catch it."""
    first = (
        call.args[1] if written(call.func).endswith(".request") and len(call.args) > 1 else next(iter(call.args), None)
    )
    if isinstance(first, ast.Tuple) and first.elts:
        first = first.elts[0]
    address = text_of(value_of(source, first)) if first is not None else None
    if not address or re.search(r"localhost|127\.|0\.0\.0\.0|\[?::1|\.(?:test|invalid|local|localhost)\b", address):
        return False
    outside = re.match(
        r"https?://[\w.-]+\.\w{2,}|\d+\.\d+\.\d+\.\d+$|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io)$", address
    )
    around = ast.unparse(test) + source.text[:3000]
    return bool(outside) and not _DOUBLES.search(around)


def _is_judged(source: Source, call: ast.Call) -> bool:
    return any(isinstance(each, ast.Assert) for each in source.parents(call))


def _asserted(source: Source, node: ast.Assert, test: ast.expr) -> Iterator[Hit]:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return
    left, right, compared = test.left, test.comparators[0], test.ops[0]
    if isinstance(compared, ast.Lt | ast.LtE) and _is_span(source, left) and _is_tight(source, right):
        yield Hit(source.path, node.lineno, f"The test fails when the machine is busy: {ast.unparse(test)[:60]}",
                  confidence=0.85, fix="Count what was done, not the time, or leave seconds of room.")  # fmt: skip
    elif isinstance(compared, ast.Eq):
        if _is_now(source, left) or _is_now(source, right):
            yield Hit(source.path, node.lineno, "The clock moves on between the two sides", confidence=0.85,
                      fix="Pass the time in, or compare with a tolerance.")  # fmt: skip
        for one, other in ((left, right), (right, left)):
            if _is_unordered(source, one) and _is_long(other):
                yield Hit(source.path, node.lineno, f"{ast.unparse(one)[:40]} has no order of its own", confidence=0.9,
                          fix="Compare sets, or sort both sides.")  # fmt: skip


def _is_span(source: Source, node: ast.expr) -> bool:
    """`time.time() - start`, or a name for it."""
    node = value_of(source, node)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Sub):
        return False
    ends = [value_of(source, each) for each in (node.left, node.right)]
    return any(isinstance(each, ast.Call) and full(source, each.func) in _CLOCKS for each in ends)


def _is_tight(source: Source, node: ast.expr) -> bool:
    node = value_of(source, node)
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value <= _TIGHT


def _is_now(source: Source, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and full(source, node.func) in _NOW


def _is_unordered(source: Source, node: ast.expr) -> bool:
    """A list or text made of a set, or the entries of a folder as they come."""
    if not isinstance(node, ast.Call):
        return False
    name = full(source, node.func) or written(node.func)
    if name in ("os.listdir", "glob.glob"):
        return True
    if (name not in ("list", "tuple") and not name.endswith(".join")) or len(node.args) != 1:
        return False
    inner = value_of(source, node.args[0])
    if isinstance(inner, ast.Set | ast.SetComp):
        return True
    if not isinstance(inner, ast.Call):
        return False
    made = full(source, inner.func) or written(inner.func)
    return made in ("set", "frozenset", "os.scandir") or made.rpartition(".")[2] in ("iterdir", "rglob", "intersection")


def _is_long(node: ast.expr) -> bool:
    """Two or more: of one there is only one order."""
    if isinstance(node, ast.List | ast.Tuple):
        return len(node.elts) > 1
    return len(text_of(node) or "") > 1


DETECTOR = Detector(
    id="flaky-test",
    title="A test that fails by chance",
    why="It fails on a slow machine or an unlucky day, people learn to run it again, and then nobody believes "
    "any test.",
    severity="medium",
    confidence=0.8,
    category="",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={"ast-grep": ("js-test-sleep", "js-test-clock", "js-test-random")},
    keep=kept,
    look=_look,
    in_tests=True,
)

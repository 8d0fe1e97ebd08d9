"""Calls over the network that may wait for ever."""

import ast
import re
from collections.abc import Iterator

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import calls, full, keyword, scope_around, spreads, value_of, walk_scope, written
from factory.hunt.script.keep import kept
from factory.hunt.source import Source

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_PLACE: dict[str, int] = {
    **{f"requests.{verb}": 99 for verb in _VERBS},
    "urllib.request.urlopen": 2, "urllib2.urlopen": 2,
    "socket.create_connection": 1,
    "http.client.HTTPConnection": 2, "http.client.HTTPSConnection": 99,
    "smtplib.SMTP": 3, "smtplib.SMTP_SSL": 99, "ftplib.FTP": 4, "ftplib.FTP_TLS": 99, "telnetlib.Telnet": 2,
    "imaplib.IMAP4": 2, "imaplib.IMAP4_SSL": 99, "poplib.POP3": 2, "poplib.POP3_SSL": 99,
}  # fmt: skip
"""Whose default is none, and the place of `timeout` among the arguments (99: by name only)."""
_BY_HAND = re.compile(r"(?:^|/)(?:scripts?|tools?|docs?|examples?|bin|dev|extras?)/")
_NONE_ONLY = tuple(f"httpx.{name}" for name in (*_VERBS, "stream", "Client", "AsyncClient"))


def _look(source: Source) -> Iterator[Hit]:
    if source.language != "python" or "setdefaulttimeout" in source.text:
        return
    for call, name in calls(source):
        if name in _NONE_ONLY and _is_none(keyword(call, "timeout")):
            yield _hit(source, call, f"`{written(call.func)}` with `timeout=None` waits for ever")
        elif name in _PLACE and not _is_limited(source, call, _PLACE[name]):
            yield _hit(source, call, f"`{written(call.func)}` without a timeout waits for ever")
    yield from _sessions(source)


def _is_limited(source: Source, call: ast.Call, place: int) -> bool:
    given = keyword(call, "timeout")
    if given is not None:
        return not _is_none(given)
    if len(call.args) > place or spreads(call):
        return True
    return _later(source, call) or _is_watched(source, call)


def _is_watched(source: Source, call: ast.Call) -> bool:
    """`with Timeout(5):`, as gevent, eventlet and asyncio have it."""
    return any(
        "timeout" in ast.unparse(item.context_expr).lower() or "fail_after" in ast.unparse(item.context_expr)
        for around in source.parents(call)
        if isinstance(around, ast.With | ast.AsyncWith)
        for item in around.items
        if not any(node is call for node in ast.walk(item))
    )


def _later(source: Source, call: ast.Call) -> bool:
    """`connection.settimeout(…)` in the same function."""
    scope = scope_around(source, call)
    return scope is not None and source.once(("limits", scope), lambda: any(
        isinstance(node, ast.Attribute) and node.attr in ("settimeout", "sock_settimeout", "timeout")
        for node in walk_scope(scope)
    ))  # fmt: skip


def _sessions(source: Source) -> Iterator[Hit]:
    """`session.get(…)` where `session = requests.Session()` is made in the same function, or as `with` gives it."""
    if ".mount(" in source.text:  # an adapter may set it for all requests
        return
    for call in source.nodes(ast.Call):
        func = call.func
        if not isinstance(func, ast.Attribute) or func.attr not in _VERBS or not isinstance(func.value, ast.Name):
            continue
        made = value_of(source, func.value)
        if made is func.value:
            made = _given(source, func.value)
        session = isinstance(made, ast.Call) and full(source, made.func) in ("requests.Session", "requests.session")
        given = keyword(call, "timeout")
        if session and not spreads(call) and (given is None or _is_none(given)):
            yield _hit(source, call, f"`{written(func)}` without a timeout waits for ever")


def _given(source: Source, name: ast.Name) -> ast.expr:
    """What the `with` around it opened under that name."""
    for around in source.parents(name):
        if isinstance(around, ast.With):
            for item in around.items:
                if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == name.id:
                    return item.context_expr
    return name


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _hit(source: Source, call: ast.Call, message: str) -> Hit:
    started = _BY_HAND.search(source.path)  # whoever started it sees that it hangs
    return Hit(source.path, call.lineno, message, confidence=0.5 if started else None,
               fix="Pass `timeout=` with the seconds that the caller can bear.")  # fmt: skip


DETECTOR = Detector(
    id="missing-timeout",
    title="A network call without a timeout",
    why="A server that accepts and says nothing holds this thread for ever, and soon all of them. Give every call a "
    "timeout.",
    severity="medium",
    confidence=0.9,
    category="CWE-400",
    languages=("python", "javascript", "typescript", "tsx"),
    codes={"ast-grep": ("js-fetch-timeout", "js-axios-timeout")},
    keep=kept,
    look=_look,
)

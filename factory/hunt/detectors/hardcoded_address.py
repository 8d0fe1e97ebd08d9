"""Hosts, URLs and ports that are fixed in the code, where a call uses them.

A constant with a name, a default, a setting and an example are no findings: they stand in one place and can be changed.
"""

import ast
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import replace

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import full, keyword, written
from factory.hunt.places import is_apart, is_main, named, texts_of
from factory.hunt.source import SCRIPT, Source

_ADDRESS = re.compile(
    r"^(?:[a-z][a-z0-9+.\-]*://)?(?:[^@/\s]*@)?(?P<host>(?:\d{1,3}\.){3}\d{1,3})(?::\d{1,5})?(?:[/?].*)?$", re.S
)
_URL = re.compile(
    r"^(?P<scheme>https?|wss?|amqps?|redis|mongodb|postgres(?:ql)?|mysql|ftp)://(?:[^@/\s]*@)?(?P<host>[\w.\-]+)(?::(?P<port>\d+))?"
)
_NETWORK = frozenset(
    f"{module}.{verb}" for module in ("requests", "httpx", "aiohttp") for verb in
    ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
) | {"urllib.request.urlopen", "urllib.request.Request", "urllib.request.urlretrieve", "websockets.connect",
     "redis.from_url", "redis.Redis.from_url", "socket.create_connection", "pymongo.MongoClient"}  # fmt: skip
_SAFE_HOST = re.compile(r"(^|\.)(example\.(com|org|net)|test|invalid|example)$")
# A public service has one address; what follows differs from one environment to the next.
_OF_ONE_PLACE = re.compile(r"^[^.]+$|\.(internal|corp|lan|intra|intranet|svc|local|home|localdomain)$"
                           r"|(^|[.\-])(dev|staging|stage|stg|prod|production|qa|uat)[.\-]", re.IGNORECASE)  # fmt: skip
_SERVED = re.compile(
    r"\.(run|run_app|serve|serve_forever|bind|listen|make_server|create_server|start_server)$|^(run_app|serve)$"
)
_ENVIRONMENT = re.compile(
    r"environ|getenv|process\.env|import\.meta\.env|\bconfig|\bsettings?\b|default|argv|\?\?|\|\|", re.I
)
_NAMED = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\s*[:=]|^(?:export\s+)?const\s+\w+\s*[:=]")
_FIX = "Take it from settings or the environment; keep a default where settings are defined."


def _look(source: Source) -> Iterator[Hit]:
    if is_apart(source.path):
        return
    for node, text in texts_of(source):
        line = source.line(node.lineno)
        if (
            _is_machine(text)
            and "SOCK_DGRAM" not in source.text  # connected to only to learn one's own address: nothing is sent
            and not named(source, node)
            and not isinstance(next(_around(source, node), None), ast.Compare)
            and not is_main(source, node)
            and not _ENVIRONMENT.search(line)
        ):
            yield _hit(source, node.lineno, f"The address {text[:60]} is fixed in the code", text)
    for call in source.nodes(ast.Call):
        yield from _called(source, call)


def _around(source: Source, node: ast.AST) -> Iterator[ast.AST]:
    """What it stands in, tuples and lists left out."""
    return (each for each in source.parents(node) if not isinstance(each, ast.Tuple | ast.List | ast.Set))


def _called(source: Source, call: ast.Call) -> Iterator[Hit]:
    name = full(source, call.func)
    first = call.args[0] if call.args else keyword(call, "url")
    if (
        name in _NETWORK
        and isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and not is_main(source, call)
    ):
        match = _of_one_place(first.value)
        if match:
            yield _hit(
                source, call.lineno, f"This call's URL is fixed in the code: {match[0][:80]}", first.value, "low"
            )
    port = keyword(call, "port")
    served = _SERVED.search(f".{written(call.func)}") and not is_main(source, call)
    if served and isinstance(port, ast.Constant) and isinstance(port.value, int) and port.value > 0:
        yield _hit(source, call.lineno, f"The port {port.value} is fixed in the code", f"port={port.value}", "low")


def _keep(source: Source, hit: Hit) -> Hit | None:
    if is_apart(source.path):
        return None
    line = source.line(hit.start)
    if _ENVIRONMENT.search(line) or _NAMED.search(line):
        return None
    if hit.code == "js-listen-port":
        port = re.search(r"\d{3,5}", hit.quoted)
        told = f"The port {port[0]} is fixed in the code" if port else hit.message
        return replace(hit, message=told, quoted="", severity="low", fix=_FIX)
    text = hit.quoted[1:-1]
    if _is_machine(text):
        return replace(hit, message=f"The address {text[:60]} is fixed in the code", fix=_FIX)
    url = _of_one_place(text)
    used = re.search(r"\b(fetch|axios(\.\w+)?|got|request|WebSocket|EventSource)\(\s*$", line.partition(text)[0][:-1])
    if not url or not used:
        return None
    return replace(
        hit, message=f"This call's URL is fixed in the code: {url[0][:80]}", severity="low", confidence=0.5, fix=_FIX
    )


def _of_one_place(text: str) -> re.Match[str] | None:
    match = _URL.match(text)
    if not match or _SAFE_HOST.search(match["host"]) or _is_machine(text):
        return None
    return match if match["port"] or _OF_ONE_PLACE.search(match["host"]) else None


def _is_machine(text: str) -> bool:
    """A machine by its number: neither this one, nor any, nor one that documentation uses."""
    match = _ADDRESS.match(text)
    if not match:
        return False
    try:
        host = ipaddress.IPv4Address(match["host"])
    except ValueError:
        return False
    plain = host.is_loopback or host.is_unspecified or host.is_multicast or host.is_reserved or host.is_link_local
    documented = any(host in ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
    mask = (
        str(host).startswith("255.")
        or str(host).endswith((".0", ".255"))
        or "/" in text.partition(match["host"])[2][:1]
    )
    bare = text == match["host"] and int(host) < 1 << 27  # 1.2.3.4 is a version
    return not (plain or documented or bare or (mask and "://" not in text))


def _hit(source: Source, line: int, message: str, quoted: str, severity: str = "medium") -> Hit:
    return Hit(
        source.path, line, message, quoted=quoted[:200], severity="low" if severity == "low" else "medium", fix=_FIX
    )


DETECTOR = Detector(
    id="hardcoded-address",
    title="A host, URL or port in the code",
    why="Another environment needs another one, and then the code has to change.",
    severity="medium",
    confidence=0.55,
    category="CWE-1051",
    languages=("python", *SCRIPT),
    codes={"ast-grep": ("js-text", "js-listen-port")},
    keep=_keep,
    look=_look,
)

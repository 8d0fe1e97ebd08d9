"""Weaknesses that stand in one place: no value need be followed to see them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from factory.audit.code import Expr, File, Function, Stmt, expressions, inside, options, statements
from factory.audit.tables import is_named
from factory.contracts.finding import Severity

SECRET = re.compile(r"(?i)(passw|passwd|pwd|secret|token|session_?id|nonce|otp|api_?key|reset_?code|signature|csrf)")
_NESTED = re.compile(r"\((?:\?:)?(?:\\[wdsS]|\[[^\]\n]{1,40}\]|[A-Za-z.])[+*]\)[+*]")
_RANDOM = ("random.choice", "random.choices", "random.randint", "random.random", "random.sample", "random.randrange",
           "random.getrandbits", "Math.random")  # fmt: skip
_CLIENTS = re.compile(r"(requests|httpx|session|client|aiohttp|urllib3)\b")
_WEAK = re.compile(r"(?i)^(des|des3|rc4|rc2|bf|blowfish)\b|-ecb$|^des-")


class Seen(NamedTuple):
    line: int
    rule: str
    cwe: str
    severity: Severity
    confidence: float
    message: str
    fix: str


def look(file: File) -> Iterator[Seen]:
    for function in file.functions:
        for expr in expressions(function.body):
            if expr.kind == "call":
                yield from _transport(expr)
                yield from _tokens(expr)
                yield from _files(expr)
                yield from _xml(expr)
                yield from _ciphers(expr)
                yield from _slow(expr)
                yield from _digest(expr, function)
            elif file.script and expr.kind == "const" and _NESTED.search(expr.text) and expr.text.startswith("/"):
                yield _regex(expr.line)
            elif file.script and expr.dotted == "{}" and "rejectUnauthorized=false" in options(expr):
                yield _certificate(expr.line)
        for one in statements(function.body):
            yield from _stores(one)
            yield from _guessable(one, function)


def _certificate(line: int) -> Seen:
    return Seen(line, "certificate-not-checked", "CWE-295", "high", 0.9,
                "The server's certificate is not checked: whoever sits between reads and changes what is sent",
                "Leave the check on; trust a certificate of your own by its file.")  # fmt: skip


def _transport(call: Expr) -> Iterator[Seen]:
    said = options(call)
    if "verify=False" in said and _CLIENTS.search(call.dotted.lower()):
        yield _certificate(call.line)
    if call.dotted in ("ssl._create_unverified_context", "ssl._create_stdlib_context"):
        yield _certificate(call.line)


def _stores(one: Stmt) -> Iterator[Seen]:
    if one.does != "store" or one.place is None or one.value is None:
        return
    text = one.value.text if one.value.kind == "const" else one.value.dotted
    what = one.place.text
    if (what, text) in (("check_hostname", "False"), ("verify_mode", "ssl.CERT_NONE"), ("verify", "False"),
                        ("NODE_TLS_REJECT_UNAUTHORIZED", "0")):  # fmt: skip
        yield _certificate(one.line)


def _tokens(call: Expr) -> Iterator[Seen]:
    last = call.dotted.rpartition(".")[2]
    if last not in ("decode", "verify", "decode_complete") or not re.search(
        r"(?i)\b(jwt|jsonwebtoken|jose)\b", call.dotted
    ):
        return
    said = options(call)
    inner = [pair for _, value in call.keywords if value.dotted == "{}" for pair in options(value)]
    named = [each for _, value in _every(call) for each in value.args if each.kind == "const"]
    none = any(each.text.lower() == "none" for each in named)
    if "verify_signature=False" in inner or "verify=False" in said or none:
        yield Seen(call.line, "token-not-verified", "CWE-287", "critical", 0.9,
                   "The token's signature is not checked: anybody can write one and be anybody",
                   "Verify it with the key, and name the algorithms that are allowed.")  # fmt: skip


def _every(call: Expr) -> list[tuple[str, Expr]]:
    return [*call.keywords, *(pair for each in call.args if each.dotted == "{}" for pair in each.keywords)]


def _files(call: Expr) -> Iterator[Seen]:
    first = call.args[0] if call.args else None
    fixed = first is not None and first.kind == "const" and first.text.startswith(("/tmp/", "/var/tmp/"))  # noqa: S108
    writes = (len(call.args) > 1 and call.args[1].text[:1] in ("w", "a", "x")) or call.dotted.startswith("fs.write")
    if call.dotted == "tempfile.mktemp" or (
        fixed and (call.dotted == "open" or call.dotted in ("fs.writeFile", "fs.writeFileSync")) and writes
    ):
        yield Seen(call.line, "predictable-temporary-file", "CWE-377", "medium", 0.85,
                   "The name of this temporary file can be guessed: somebody on the machine puts a link there first",
                   "Let tempfile (or fs.mkdtemp) make the file.")  # fmt: skip


def _xml(call: Expr) -> Iterator[Seen]:
    said = options(call)
    features = (
        call.text == "setFeature" and len(call.args) > 1 and "external" in call.args[0].dotted + call.args[0].text
    )
    on = features and call.args[1].text in ("True", "1")
    if on or "resolve_entities=True" in said or ("noent=true" in said and "libxml" in call.dotted):
        yield Seen(call.line, "xml-external-entities", "CWE-611", "high", 0.9,
                   "This parser follows external entities: a document reads files and addresses of the server",
                   "Leave them off, or use defusedxml.")  # fmt: skip


def _ciphers(call: Expr) -> Iterator[Seen]:
    name, first = call.dotted, call.args[0] if call.args else None
    weak = name.endswith((".DES.new", ".DES3.new", ".ARC4.new", ".Blowfish.new")) or name in ("DES.new", "ARC4.new")
    ecb = any(each.dotted.endswith((".MODE_ECB", "modes.ECB")) for each in inside(call))
    old = first is not None and first.kind == "const" and _WEAK.search(first.text) is not None
    if weak or ecb or name == "crypto.createCipher" or (name.startswith("crypto.createCipher") and old):
        yield Seen(call.line, "broken-cipher", "CWE-327", "high", 0.85,
                   "This cipher, or its mode, is broken: what it hides can be read or recognised",
                   "Use AES-GCM or ChaCha20-Poly1305 with a fresh nonce.")  # fmt: skip


def _digest(call: Expr, function: Function) -> Iterator[Seen]:
    """A quick digest where a password or a signature is meant: by the names around it."""
    inner = call.base if call.text == "update" else call
    if inner is None or inner.kind != "call":
        return
    quick = (
        is_named(inner.dotted, "hashlib.md5")
        or is_named(inner.dotted, "hashlib.sha1")
        or (
            is_named(inner.dotted, "crypto.createHash") and inner.args and inner.args[0].text.lower() in ("md5", "sha1")
        )
    )
    names = " ".join(each.text for arg in call.args for each in inside(arg) if each.kind in ("name", "attr"))
    secret = re.search(r"(?i)(passw|pwd|secret|token|pin\b)", names) or re.search(r"(?i)passw", function.name)
    if quick and secret and "usedforsecurity=False" not in options(inner) and call.args:
        yield Seen(call.line, "weak-digest", "CWE-328", "high", 0.85,
                   "A quick digest hides no password: a card tries billions of them a second",
                   "Use scrypt, argon2 or bcrypt for passwords, HMAC with SHA-256 for signatures.")  # fmt: skip


def _regex(line: int) -> Seen:
    return Seen(line, "slow-regular-expression", "CWE-1333", "medium", 0.85,
                "A repetition in a repetition: a short text that almost matches keeps this busy for ever",
                "Take one of the two repetitions away.")  # fmt: skip


def _slow(call: Expr) -> Iterator[Seen]:
    first = call.args[0] if call.args else None
    read = call.dotted.startswith("re.") or call.dotted == "RegExp"
    if read and first is not None and first.kind == "const" and _NESTED.search(first.text):
        yield _regex(call.line)


def _guessable(one: Stmt, function: Function) -> Iterator[Seen]:
    """A secret made of numbers that can be guessed."""
    if one.value is None or one.does not in ("assign", "return", "store"):
        return
    names = " ".join((*(name for name, _ in one.targets), one.place.text if one.place else ""))
    if one.does == "return":
        names = function.name.rpartition(".")[2]
    calls = expressions((Stmt("do", one.line, one.value),))
    if SECRET.search(names) and any(each.dotted in _RANDOM for each in calls if each.kind == "call"):
        yield Seen(one.line, "guessable-secret", "CWE-330", "high", 0.85,
                   "A secret from a generator whose numbers can be foretold",
                   "Use secrets.token_urlsafe() (crypto.randomBytes in Node).")  # fmt: skip

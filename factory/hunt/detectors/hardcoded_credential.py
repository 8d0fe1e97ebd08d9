"""Passwords, keys and tokens in the code: by their form in any file, by the name they are given in Python.

Neither a name nor a random look is evidence: applications ship keys on purpose. What counts is a form that somebody
issued, and a password in the address of another network's host; the rest is below the default, to be read.
"""

import ast
import re
from collections.abc import Iterator

from factory.hunt.detector import Detector, Hit
from factory.hunt.names import text_of, written
from factory.hunt.script.keep import kept
from factory.hunt.secret_values import is_for_show, is_made, is_near
from factory.hunt.source import Source

_NAME = re.compile(
    r"(?i)(?:^|_)(?:pass(?:word|wd|phrase)|pwd|secret|secret_?key|api_?key|access_?key|private_?key|auth_?token"
    r"|access_?token|api_?token|bearer_?token|token|client_?secret)$"
)
_NOT_NAME = re.compile(
    r"(?i)(?:reset|hash|salt|url|uri|path|file|field|label|header|name|param|prefix|suffix|type|id|help|prompt"
    r"|placeholder|regex|pattern|test|fake|dummy|example|default|mock|sample|csrf|next|stop|eos|bos|pad|unk|sep|mask|cls"
    r"|cancel|continuation|page|sort|public)_?"
)
_EXAMPLE = re.compile(
    r"(?i)example|sample|dummy|fake|test|foo|bar\b|changeme|change[_-]?me|placeholder|redact|your|xxx|\*\*\*|\.\.\.|<|>"
    r"|\{|\}|\$|%[sd(]|insecure|secret$|^secret|^password|password$|^pass|^token|token$|todo|none|null|undefined|demo"
    r"|hunter2|s3cr3t|letmein|qwerty|0{5}|123456|abcdef|aaaa|\bdev\b|local"
)
_LONGEST = 400  # characters of a line in which a form is looked for
_LIKELY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA|ASIA|gh[pousr]_|github_pat|glpat-|xox[abprs]-|hooks\.slack|sk_live|rk_live"
    r"|SG\.[\w-]{8}|pypi-AgE|npm_|eyJ[\w-]{8,}\.|AIza|AccountKey=|://[^/\s:@\"']+:[^/\s:@\"']+@|sk-[\w-]{20}"
)
_TOLD = re.compile(r"\s*(?:#|//|/?\*|--|;|<!--|- )")  # a comment or a list shows what a key looks like
_ENCRYPTED = re.compile(r"ENCRYPTED")
_GOOGLE = re.compile(r"AIza[0-9A-Za-z_-]{35}")
_ADDRESS = re.compile(r"://([^/\s:@\"']+):([^/\s:@\"']+)@([\w.-]+)")
_PROSE = (".md", ".rst", ".txt", ".adoc", ".html", ".lock", ".svg", ".css", ".po", ".ipynb", ".csv", ".1")
_FOR_SHOW = re.compile(
    r"example|sample|fixture|mock|(?:^|/)(?:t|docs?|\.?ci|unit|cypress|benchmarks?|test[^/]*)/|(?:^|/)(?:tox\.ini|noxfile\.py)$"
    r"|\.test\b|(?:^|/)test_"
)
"""Where keys are made for the purpose."""
_OF_A_PROGRAM = re.compile(
    r"(?i)api_?key|(?:client|api|app|consumer)_?secret"
)  # mostly says which program asks, and is in the page or the app for all to see
_LOOKS, _WEAK = 0.55, 0.5  # below the default: made by a machine, made by people
_SETTINGS = re.compile(r"(?i)(?:config|settings|defaults|options)\.(?:add|update|setdefaults?|set_defaults?|register)$")
_FIX = "Read it from the environment or a secret store, and take the one that stands here out of use."


def _look(source: Source) -> Iterator[Hit]:
    if source.path.lower().endswith(_PROSE) or _FOR_SHOW.search(source.path.lower()):
        return
    yield from _forms(source)
    yield from _named(source)


def _forms(source: Source) -> Iterator[Hit]:
    """What somebody issued is known by its form, wherever it stands."""
    if not _LIKELY.search(source.text):
        return
    for number, line in enumerate(source.lines, start=1):
        if not _LIKELY.search(line):
            continue
        if "PRIVATE KEY" in line:
            if _has_body(source, number):
                sure = _WEAK if _ENCRYPTED.search(line + source.line(number + 1)) else _LOOKS
                yield _hit(source, number, "-----BEGIN PRIVATE KEY-----", "A private key stands", sure)
            continue
        for secret, sure in _issued(line[:_LONGEST]):
            shown = line.strip().replace(secret, "…")[:120]
            yield _hit(source, number, shown, "A key that somebody issued stands", sure)


def _has_body(source: Source, number: int) -> bool:
    text = "".join(source.line(each) for each in range(number, number + 4))
    return bool(re.search(r"-----.{0,12}?[A-Za-z0-9+/]{60}", text.replace("\\n", "").replace('"', "").replace("'", "")))


def _issued(line: str) -> Iterator[tuple[str, float]]:
    """Each with how sure it is."""
    from factory.llm.secret_forms import formats_in

    if "devstoreaccount1" in line or ">>>" in line:  # an emulator's, printed in its manual; a doctest
        return
    address = _ADDRESS.search(line)
    for secret in (*formats_in(line), *_GOOGLE.findall(line)):
        if not _EXAMPLE.search(secret) and not (address and secret in address[0]):
            told = _TOLD.match(line) or _GOOGLE.fullmatch(secret) or secret.startswith("eyJ")
            yield secret, 0.9 if is_made(secret) and not told else _WEAK
    if address and "." in address[3] and _is_password(address[2]) and not _EXAMPLE.search(address[0]):
        yield address[2], 0.9 if is_made(address[2]) and not is_near(address[3]) else _WEAK


def _named(source: Source) -> Iterator[Hit]:
    """Python: a literal that is given to something called password, token or the like."""
    for name, value in _pairs(source):
        secret = text_of(value)
        bare = name.rpartition(".")[2]
        if secret is None or not is_credential(bare, secret):
            continue
        sure = _LOOKS if is_made(secret) and not _OF_A_PROGRAM.search(bare) else _WEAK
        yield _hit(source, value.lineno, f"{bare} = …", f"The value of {bare} stands", sure)


def is_credential(name: str, text: str) -> bool:
    """Whether a text that is given to this name is one, and not an example of it."""
    return bool(_NAME.search(name)) and not _NOT_NAME.search(name) and _is_password(text)


def _pairs(source: Source) -> Iterator[tuple[str, ast.expr]]:
    for node in source.nodes(ast.Assign):
        yield from ((_target(each), node.value) for each in node.targets)
    for annotated in source.nodes(ast.AnnAssign):
        if annotated.value is not None:
            yield _target(annotated.target), annotated.value
    for call in source.nodes(ast.Call):
        yield from ((each.arg, each.value) for each in call.keywords if each.arg)
        if written(call.func) in ("os.environ.get", "os.getenv", "environ.get", "getenv") and len(call.args) == 2:
            yield (text_of(call.args[0]) or "").lower(), call.args[1]
    for table in source.nodes(ast.Dict):
        if _is_of_settings(source, table):
            continue
        yield from ((text_of(key) or "", value) for key, value in zip(table.keys, table.values, strict=True) if key)
    for compared in source.nodes(ast.Compare):
        if len(compared.comparators) == 1 and isinstance(compared.ops[0], ast.Eq):
            yield written(compared.left), compared.comparators[0]


def _is_of_settings(source: Source, table: ast.Dict) -> bool:
    """`self.config.add({…})`: a default that its user replaces."""
    call = next((each for each in source.parents(table) if not isinstance(each, ast.Dict)), None)
    return isinstance(call, ast.Call) and bool(_SETTINGS.search(written(call.func)))


def _target(node: ast.expr) -> str:
    return text_of(node.slice) or "" if isinstance(node, ast.Subscript) else written(node)


def _is_password(text: str) -> bool:
    """Whether somebody would type or generate that: no word, name, sentence, path, hash of nothing or placeholder."""
    if not 8 <= len(text) <= 200 or re.search(r"\s", text) or _EXAMPLE.search(text):
        return False
    if "://" in text or text.startswith(("/", ".", "--", "@", "#")):
        return False
    kinds = sum(bool(re.search(kind, text)) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]"))
    words = re.fullmatch(r"[A-Za-z]+(?:[_\-. :/][A-Za-z0-9]+)*", text)
    return not words and kinds >= 2 and bool(re.search(r"\d", text)) and len(set(text)) >= 6


def _hit(source: Source, line: int, quoted: str, what: str, confidence: float) -> Hit:
    sure = _WEAK if is_for_show(source.path) else confidence
    return Hit(source.path, line, f"{what} in the code", quoted=quoted, confidence=sure, fix=_FIX)


DETECTOR = Detector(
    id="hardcoded-credential",
    title="A credential in the code",
    why="Whoever can read the repository has it, and it stays in the history when the line is gone. Read it from the "
    "environment or a secret store, and replace the one that was committed.",
    severity="high",
    confidence=_LOOKS,
    category="CWE-798",
    languages=(),
    codes={"ast-grep": ("js-secret-text",)},
    keep=kept,
    look=_look,
)

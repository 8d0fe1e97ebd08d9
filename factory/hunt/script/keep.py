"""What ast-grep found in JavaScript and TypeScript, as it counts: rules see shapes, this sees names and neighbours.

Each function is a detector's `keep` for one rule; `kept` chooses by the rule.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from factory.hunt.detector import Hit
from factory.hunt.script import texts, traced, unused
from factory.hunt.source import SCRIPT, Source
from factory.hunt.tooling import is_tooling
from factory.hunt.traced import Origin

Keep = Callable[[Source, Hit], Hit | None]

_EVIDENT: dict[Origin, float] = {"outside": 0.9, "parameter": 0.55}
_WEAK = 0.5  # below the default, and below what detectors give who are: nothing says that a stranger chooses the value
_TOOLING = re.compile(r"(^|/)(scripts?|tools?|bin|extras?|dev|migrations?|build|benchmark(s|ing)?|bench|ci"
                      r"|\.github|hack|release)/"
                      r"|(^|/)(gulpfile|gruntfile|makefile|rollup\.config|webpack\.config|build|release)\.[cm]?[jt]s$",
                      re.IGNORECASE)  # fmt: skip
_BENCH = re.compile(r"(^|/)bench(mark(s|ing)?)?/", re.IGNORECASE)
_CLEANUP = re.compile(
    r"\b(unlink|rm|rmdir|rimraf|close|destroy|kill|abort|disconnect|dispose|remove\w*|cancel|end|terminate|unref"
    r"|release\w*|stop|clear\w*|setItem|getItem|revoke\w*|focus|blur|play|pause|unsubscribe|unwatch|cleanup\w*)"
    r"(Sync)?\s*\("
)
_PROBE = re.compile(
    r"\b(require(\.resolve)?|import|accessSync|access|statSync|stat|lstat|existsSync|new URL|JSON\.parse"
    r"|decodeURI(Component)?|mkdirSync|mkdir|readFile(Sync)?|readJSON(Sync)?|readJson(Sync)?)\s*\(|defineProperty"
)
_SERVER = re.compile(
    r"(from\s+|require\(|import\()\s*['\"](node:|fs\b|path['\"]|http|https|express|fastify|koa|os['\"])"
    r"|process\.(env|argv|exit)"
)
_SURE = re.compile(  # a length, a type, a word, a count, a constant: on one side of a comparison
    r"\.length$|typeof|^['\"`](?!\s*-?[\d.]*\s*['\"`]$)|^(--|\+\+)|^[A-Z][A-Z0-9_]+$|([iI]ndexOf|parseInt|Number)\(.*\)$"
    r"|^-\s*\d|^[A-Z][a-z]\w*\.[A-Z]\w*$"  # -1, and a member of an enumeration
)
_ARITHMETIC = re.compile(r"[\w)\]]\s*[%*]\s*[\w(]")  # a number, whatever it is of
_FOREIGN = re.compile(r"(poly|pony)fill|jquery|bootstrap|@\d|equal|\.min\.", re.IGNORECASE)
_ASSERTS = re.compile(r"\b(expect|assert\w*|should|chai|strictEqual|deepEqual|t\.[a-z]\w*)\s*[.(]")
_ONLY_WAITS = re.compile(
    r"Promise(<\w*>)?\(\s*(function\s*)?\(?[\w: ]*\)?\s*(=>)?\s*\{?\s*(return\s+|void\s+)?setTimeout\("
)
_DATA = re.compile(r"(^|/)(bench\w*|performance|fixtures?|types?)/|types?\.test\.|\.test-d\.")
_STARTS_PROGRAMS = re.compile("child_process|shelljs|execa")
_COMPILES = re.compile("compil|codegen|templat", re.IGNORECASE)
_OF_A_PAGE = re.compile(r"(^|/)(client|frontend|browser|www|ui|src-ui|public|web)/")
_PAGE = re.compile(r"\b(window|document)\.")
_LIMIT = re.compile(r"\btimeout\s*[:=]")
_AXIOS = re.compile(r"['\"][^'\"]*axios[^'\"]*['\"]")
_CLOSES = re.compile(r"\b(closeSync|close|using)\b")
_FAKE_TIMERS = re.compile(r"(use)?FakeTimers|mock\.timers|MockDate")
_SEEDED = re.compile("seed|mock|spyOn|stub", re.IGNORECASE)
_JUDGES_IT = re.compile(r"\b(if|switch|while|expect|assert\w*|should)\b|\?")
_QUOTED = re.compile(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"")
_MEANT = re.compile(r"^catch\s*\(\s*(_\w*|ignored?\w*|expected\w*|unused\w*)\b")


def kept(source: Source, hit: Hit) -> Hit | None:
    """The keep of every detector that looks at JavaScript only."""
    judge = _JUDGES.get(hit.code)
    return judge(source, hit) if judge else hit


def either(python: Keep | None) -> Keep:
    """The keep of a detector of both families: `python` is its own, for what is no JavaScript."""

    def keep(source: Source, hit: Hit) -> Hit | None:
        if source.language in SCRIPT:
            return kept(source, hit)
        return python(source, hit) if python else hit

    return keep


def _empty_catch(source: Source, hit: Hit) -> Hit | None:
    """Cleaning up and probing may fail; a name like `_` says that it was meant."""
    if _BENCH.search(source.path) or _MEANT.match(hit.quoted):
        return None
    body = _tried(source, hit.start)
    if not body.strip() or _CLEANUP.search(body) or _PROBE.search(body) or _is_told(source, hit.start, body):
        return None
    return replace(hit, quoted="", severity="medium", confidence=0.75,
                   fix="Handle what is expected here by its type; log or throw the rest.")  # fmt: skip


def _is_told(source: Source, line: int, body: str) -> bool:
    """A comment says why, or what is tried is one assignment: what stood there before remains."""
    above = source.line(line - body.count("\n") - 1)
    comment = re.search(r"//|/\*|\*/|^\s*\*", above + body)
    return bool(comment or re.fullmatch(r"\s*[\w.$\[\]]+\s*=[^=][^;]*;?\s*\}?\s*", body))


def _tried(source: Source, line: int) -> str:
    """What stands in the try block that ends where the catch begins: between its braces."""
    text = "\n".join(source.line(number) for number in range(max(1, line - 60), line + 1))
    text = _QUOTED.sub(lambda match: re.sub(r"[{}]", "_", match[0]), text)
    end = text.rfind("}", 0, max(0, text.rfind("catch")))
    depth = 0
    for at in range(end, -1, -1):
        depth += (text[at] == "}") - (text[at] == "{")
        if depth == 0:
            return text[at + 1 : end] if re.search(r"\btry\s*$", text[:at]) else ""
    return ""


def _default(source: Source, hit: Hit) -> Hit | None:
    body = _tried(source, hit.start)
    if _PROBE.search(body) or _BENCH.search(source.path) or _MEANT.match(hit.quoted) or _is_clean_up(source, hit):
        return None
    gives = re.search(r"return\s+(?!undefined\b)[^;\s}]", hit.quoted)  # else nothing is to be done there
    return replace(hit, quoted="", severity="low", confidence=0.65 if gives else 0.5,
                   fix="Return the default for the expected error only; log or throw the rest.")  # fmt: skip


def _is_clean_up(source: Source, hit: Hit) -> bool:
    """`catch { return }` where something is ended: there is no default value, and nothing left to do."""
    from factory.hunt.findings import symbol_at

    gives = re.search(r"return\s+[^;\s}]", hit.quoted)
    name = symbol_at(source, hit.start).rpartition(".")[2]
    ends = re.match(r"(?i)clean_?up|close|dispose|tear_?down|stop|destroy", name)
    return bool(ends and not gives)


def _shell(source: Source, hit: Hit) -> Hit | None:
    if hit.code == "js-shell-command" and not source.has(_STARTS_PROGRAMS):
        return None  # a regular expression's exec, a database's
    values = texts.open_values(hit.quoted)
    if not values:
        return None
    words = [value for value in values if not texts.is_command(hit.quoted, value)]
    sure = max((_EVIDENT.get(traced.origin(source, hit.start, value), _WEAK) for value in words), default=_WEAK)
    tooling = is_tooling(source.path)
    return replace(hit, severity="low" if tooling else "high", confidence=_WEAK if tooling else sure,
                   fix="Use execFile or spawn with an array of arguments: no shell reads them.")  # fmt: skip


def _local_date(source: Source, hit: Hit) -> Hit | None:
    """In a page the zone is its reader's, and mostly meant so."""
    return None if _OF_A_PAGE.search(source.path) or source.has(_PAGE) else hit


def _sql(source: Source, hit: Hit) -> Hit | None:
    values = [value for value in texts.open_values(hit.quoted)
              if not texts.is_sql_part(value) and not texts.is_placeholders(source, value)]  # fmt: skip
    if not values:
        return None
    found = [(value, traced.origin(source, hit.start, value)) for value in values]
    evident = any(where == "outside" or (where != "unknown" and texts.is_quoted(hit.quoted, value))
                  for value, where in found)  # fmt: skip
    return replace(hit, confidence=hit.confidence if evident and not is_tooling(source.path) else _WEAK,
                   fix="Pass values as parameters of the query ($1, ?, :name).")  # fmt: skip


def _eval(source: Source, hit: Hit) -> Hit | None:
    """What a compiler or a template engine made is code by trade."""
    trade = _COMPILES.search(source.path) or source.has(_COMPILES)
    if "Function" in hit.quoted and (trade or re.search(r"new Function\(\s*['\"]return (this|import)", hit.quoted)):
        return None
    return replace(hit, severity="medium") if _TOOLING.search(source.path) else hit


def _fetch(source: Source, hit: Hit) -> Hit | None:
    """Browsers end requests with the page; a server or a script does not."""
    if not source.has(_SERVER) or source.has(_PAGE) or _TOOLING.search(source.path):
        return None
    return replace(hit, severity="low", confidence=0.65, fix="Pass `signal: AbortSignal.timeout(ms)`.")


def _axios(source: Source, hit: Hit) -> Hit | None:
    """An instance or the defaults of the same file may have set one."""
    if source.has(_LIMIT) or not source.has(_AXIOS):
        return None
    if _OF_A_PAGE.search(source.path):  # a page that asks its own server
        return None
    if _TOOLING.search(source.path):  # whoever started it sees that it hangs
        return None
    return replace(hit, severity="medium",
                   fix="Set `timeout` in the call, or once with axios.create.")  # fmt: skip


def _open(source: Source, hit: Hit) -> Hit | None:
    """One close anywhere in the file is taken for this one; so is a handle that leaves the function."""
    name = re.match(r"\w+", hit.quoted)
    if not name or source.has(_CLOSES):
        return None
    return None if source.has(re.compile(rf"return\s+{name[0]}\b")) else replace(hit, quoted="")


def _loose(source: Source, hit: Hit) -> Hit | None:
    """What no conversion can make true by mistake is a matter of taste; so is what somebody else wrote."""
    match = re.fullmatch(r"(.*?)\s*(?<![!=])[!=]=(?!=)\s*(.*)", hit.quoted, re.DOTALL)
    left, right = match.groups() if match else ("", "")
    same = left.strip("+ ") == right.strip("+ ")  # only NaN differs from itself
    told = re.search(r"['\"][!=]==?['\"]", source.line(hit.start))  # the operator itself, in an interpreter
    meant = "eqeqeq" in source.line(hit.start - 1) + source.line(hit.start)
    if (
        same
        or told
        or meant
        or _ARITHMETIC.search(left)
        or _ARITHMETIC.search(right)
        or _SURE.search(left)
        or _SURE.search(right)
        or _FOREIGN.search(source.path)
    ):
        return None
    return replace(hit, fix="Compare with === or !==.")


def _sleep(source: Source, hit: Hit) -> Hit | None:
    """A wait whose end is asserted on. A framework's timers do not wait; a handler may be slow on purpose."""
    if source.has(_FAKE_TIMERS) or _DATA.search(source.path):
        return None
    times = [int(number.replace("_", "")) for number in re.findall(r"(?<![\w.])\d[\d_]*(?!\w)", hit.quoted)]
    if "Promise" in hit.quoted and not _ONLY_WAITS.search(hit.quoted):
        return None
    browser = re.search(r"waitForTimeout|cy\.wait", hit.quoted)
    return hit if times and max(times) >= 20 and (browser or _is_asserted(source, hit.end)) else None


def _is_asserted(source: Source, line: int) -> bool:
    """Whether one of the next lines of the block checks something."""
    for number in range(line + 1, line + 7):
        text = source.line(number).strip()
        if text.startswith("}"):
            return False
        if _ASSERTS.search(text):
            return True
    return False


def _random(source: Source, hit: Hit) -> Hit | None:
    """A seed, a name that must be new, or a port are no branch."""
    line = source.line(hit.start)
    if not source.is_test or _DATA.search(source.path) or re.search(r"[<>]=?\s*[01]$", hit.quoted):
        return None
    if not _JUDGES_IT.search(line):
        return None
    named = re.search(r"name|id\b|port|tmp|temp|path|key|token|toString", line, re.IGNORECASE)
    if named or source.has(_SEEDED):
        return None
    return replace(hit, severity="low", confidence=0.6)


_JUDGES: dict[str, Keep] = {
    "js-empty-catch": _empty_catch,
    "js-catch-returns-default": _default,
    "js-shell-command": _shell,
    "js-shell-option": _shell,
    "js-sql-string": _sql,
    "js-local-date": _local_date,
    "js-eval": _eval,
    "js-fetch-timeout": _fetch,
    "js-axios-timeout": _axios,
    "js-open-file": _open,
    "js-loose-equality": _loose,
    "js-test-sleep": _sleep,
    "js-test-random": _random,
    "js-secret-text": texts.secret,
    "js-import": unused.imports,
    "js-local": unused.local,
}

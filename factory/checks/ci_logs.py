"""What a CI job's log says is wrong: failing tests and compilers' errors, as `Failure`s. Pure; logs are untrusted.

Read line by line with patterns that take linear time, each bounded; what no pattern knows becomes one failure with the
log's last words, so that a red job never comes out as nothing.
"""

import re
from collections.abc import Iterator, Sequence
from textwrap import dedent

from factory.contracts.feedback import Failure
from factory.contracts.hub import Annotation

MOST = 10  # failures of one job
MAX_LOG = 400_000  # characters, the last ones
MAX_LINE = 1_000
MAX_MESSAGE = 600
AROUND = 14  # lines of a test's own words
TAIL = 30  # lines of a log that nothing else is known of

_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ")
_COLOUR = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_COMMAND = re.compile(r"^##\[[a-z]{1,20}\]")
_HOME = re.compile(
    r"(?:/home/runner/work|/Users/runner/work|[A-Z]:\\a)[/\\][^/\\\s]{1,100}[/\\][^/\\\s]{1,100}[/\\]|/__w/[^/\s]{1,100}/[^/\s]{1,100}/"
)
_PATH = r"(?P<path>[\w@+./\\-]{1,300}\.[A-Za-z]{1,8})"
_PY = r"(?P<path>[^\s:]{1,300}\.pyi?)"
_JVM = r"(?P<path>[^\s:]{1,300}\.(?:java|kt))"
_AT = r"(?P<line>\d{1,7})"
_COLUMN = r"\d{1,7}"
_CODE = r"(?P<name>[A-Z]{1,4}\d{2,5})"
_RULE = r"(?: {2}\[(?P<name>[a-z-]{1,40})\])?"
_CLASS = r"(?P<name>[A-Z]\w{1,100}[.>][\w.>]{1,150})"
_CASE = r"(?P<name>(?P<path>[^\s:]{1,300}\.py)(?:::.{1,300}?)?)"
_SAID = r"(?P<message>.+)$"

_ONE_LINE = (
    ("test", "pytest", re.compile(rf"^(?:FAILED|ERROR) {_CASE}(?: - (?P<message>.*))?$")),
    ("compile", "tsc", re.compile(rf"^{_PATH}\({_AT},{_COLUMN}\): error {_CODE}: {_SAID}")),
    ("compile", "tsc", re.compile(rf"^{_PATH}:{_AT}:{_COLUMN} - error {_CODE}: {_SAID}")),
    ("compile", "javac", re.compile(rf"^{_JVM}:{_AT}: error: {_SAID}")),
    ("compile", "javac", re.compile(rf"^(?:\[ERROR\] )?{_JVM}:\[{_AT},{_COLUMN}\] {_SAID}")),
    ("test", "surefire", re.compile(rf"^(?:\[ERROR\])? +{_CLASS}:{_AT}(?:->\S+)? {_SAID}")),
    ("compile", "mypy", re.compile(rf"^{_PY}:{_AT}(?::{_COLUMN})?: error: (?P<message>.+?){_RULE}$")),
    ("compile", "ruff", re.compile(rf"^{_PY}:{_AT}:{_COLUMN}: {_CODE} {_SAID}")),
    ("compile", "go", re.compile(rf"^(?:vet: )?(?P<path>[^\s:]+\.go):{_AT}:{_COLUMN}: {_SAID}")),
    ("compile", "cc", re.compile(rf"^{_PATH}:{_AT}(?::{_COLUMN})?: (?:fatal )?error: {_SAID}")),
    ("compile", "ld", re.compile(r"^.*?(?P<message>undefined reference to .+)$")),
)
"""Kind, tool, and a pattern of one line."""

_GO_TEST = re.compile(r"^ {0,12}--- FAIL: (?P<name>\S{1,200}) \(")
_GO_AT = re.compile(r"^ {4,16}(?P<path>[\w.-]{1,100}_test\.go):(?P<line>\d{1,7}): (?P<message>.+)$")
_CARGO = re.compile(r"^test (?P<name>[\w:]{1,200})(?: - should panic)? \.\.\. FAILED$")
_PANIC = re.compile(
    r"^thread '(?P<name>[\w:]{1,200})'(?: \(\d{1,12}\))? panicked at (?P<path>[^\s:]{1,300}):(?P<line>\d{1,7}):\d"
)
_RUSTC = re.compile(r"^error(?:\[(?P<name>E\d{4})\])?: (?P<message>.+)$")
_RUSTC_AT = re.compile(r"^ {1,8}--> (?P<path>[^\s:]{1,300}):(?P<line>\d{1,7}):\d")
_RUFF = re.compile(r"^(?P<name>[A-Z]{1,4}\d{3,4}) (?:\[\*\] )?(?P<message>.+)$")
_JEST = re.compile(r"^ {1,4}● (?P<name>.{1,250})$")
_VITEST = re.compile(
    r"^ {0,3}FAIL {1,3}(?:\|[^|]{1,40}\| )?(?P<path>\S{1,300}\.(?:[cm]?[jt]sx?)) > (?P<name>.{1,250})$"
)
_JS_AT = re.compile(r"(?:^ {1,8}❯ |\()(?P<path>[\w@+./\\-]{1,300}\.[cm]?[jt]sx?):(?P<line>\d{1,7}):\d")
_UNITTEST = re.compile(r"^(?:FAIL|ERROR): (?P<name>\w{1,200}) \((?P<where>[\w.]{1,300})\)")
_PY_FRAME = re.compile(r'^ {2}File "(?P<path>[^"]{1,300})", line (?P<line>\d{1,7}), in ')
_PYTEST_AT = re.compile(r"^(?P<path>[^\s:]{1,300}\.py):(?P<line>\d{1,7}):(?: [A-Z]\w{2,80})?$")
_JUNIT = re.compile(
    r'<testcase\b[^>]{0,600}?\bname="(?P<name>[^"]{1,200})"[^>]{0,600}>\s{0,20}<(?:failure|error)\b[^>]{0,200}?message="(?P<message>[^"]{1,400})'
)
_TAP = re.compile(r"^not ok \d{1,7} -? ?(?P<name>[^#]{1,250})$")
_NOISE = ("node_modules", "site-packages", "/rustc/", "dist-packages", "/usr/", ".cargo/registry")


def failures(log: str) -> tuple[Failure, ...]:
    """The first `MOST`, each once. A log without any that is known: one of kind "other" with its last words."""
    rows = [_bare(row) for row in log[-MAX_LOG:].splitlines()]
    return _known(rows) or (Failure(kind="other", tool="log", message=_last_words(rows)),)


def of_app(said: str, notes: Sequence[Annotation]) -> tuple[Failure, ...]:
    """The same of another app's check run or status: its annotations, else what a log's patterns find in its words,
    else how they begin."""
    placed = [
        _made("other", "annotation", path=note.path, line=str(note.start), message=note.message)
        for note in notes
        if note.level == "failure"
    ]
    rows = [_bare(row) for row in said[:MAX_LOG].splitlines()]
    first = "\n".join([row for row in rows if row.strip()][:TAIL])[: MAX_MESSAGE * 3]
    words = Failure(kind="other", tool="check", message=first or "It fails and says nothing more.")
    return tuple(placed[:MOST]) or _known(rows) or (words,)


def _known(rows: list[str]) -> tuple[Failure, ...]:
    found: dict[tuple[str, str, str], Failure] = {}
    for failure in _found(rows):
        key = (failure.tool, failure.name or failure.message, failure.path)
        known = found.get(key)
        if known is None or len(failure.message) > len(known.message):
            found[key] = failure
    return tuple(_without_doubles(list(found.values())))[:MOST]


def _bare(row: str) -> str:
    """Without the runner's time, its commands, colours and the folder it works in."""
    text = _COLOUR.sub("", _STAMP.sub("", row[: MAX_LINE * 2])).rstrip()[:MAX_LINE]
    return _HOME.sub("", _COMMAND.sub("", text))


def _found(rows: list[str]) -> Iterator[Failure]:
    for n, row in enumerate(rows):
        one = _one_line(row, rows, n) or _spread(row, rows, n)
        if one:
            yield one
    for match in _JUNIT.finditer("\n".join(rows)):
        yield _made("test", "junit", match["name"], message=match["message"])


def _one_line(row: str, rows: list[str], n: int) -> Failure | None:
    for kind, tool, pattern in _ONE_LINE:
        match = pattern.match(row)
        if match:
            facts = match.groupdict()
            if tool == "pytest":
                return _pytest(facts, rows)
            if any(part in (facts.get("path") or "") for part in _NOISE):
                return None
            return _made(kind, tool, facts.get("name"), facts.get("path"), facts.get("line"), facts["message"])
    return None


def _pytest(facts: dict[str, str | None], rows: list[str]) -> Failure:
    """The summary's line, with the words and the place that the test's own section gives."""
    name, path = facts["name"] or "", facts["path"] or ""
    short = name.rpartition("::")[2]
    title = re.compile(rf"^_{{3,}} (?:ERROR at \w+ of |ERROR collecting )?(?:[\w.]*\.)?{re.escape(short)} _{{3,}}$")
    start = next((n for n, row in enumerate(rows) if title.match(row)), None)
    line, said = "", []
    for row in rows[start + 1 : start + 120] if start is not None else []:
        if re.match(r"^(_{3,} .+ _{3,}|={3,}.*={3,})$", row):
            break
        said += [row[4:].rstrip()] if row.startswith("E   ") else []
        at = _PYTEST_AT.match(row)
        line = at["line"] if at and at["path"] == path else line
    message = dedent("\n".join(said[:AROUND])) or facts["message"] or "It failed."
    return _made("test", "pytest", name, path, line, message)


def _spread(row: str, rows: list[str], n: int) -> Failure | None:
    """Those that need more than their one line."""
    after = rows[n + 1 : n + 40]
    if match := _GO_TEST.match(row):
        before = rows[max(0, n - 12) : n]  # with -v the words come before
        at = _first(_GO_AT, after[:AROUND]) or _first(_GO_AT, before[::-1])
        return _made("test", "go", match["name"], *_at(at), at["message"] if at else "It failed.")
    if match := _CARGO.match(row):
        return _made("test", "cargo", match["name"], message="It failed.")
    if match := _PANIC.match(row):
        said = [each for each in after[:AROUND] if each and not each.startswith("note: ")]
        return _made("test", "cargo", match["name"], match["path"], match["line"], "\n".join(_until_blank(said)))
    if (match := _RUSTC.match(row)) and (at := _first(_RUSTC_AT, after[:4])):
        return _made("compile", "rustc", match["name"], *_at(at), match["message"])
    if (match := _RUFF.match(row)) and (at := _first(_RUSTC_AT, after[:2])):
        return _made("compile", "ruff", match["name"], *_at(at), match["message"])
    if match := _UNITTEST.match(row):
        return _unittest(match, after)
    return _javascript(row, after)


def _unittest(match: "re.Match[str]", after: list[str]) -> Failure:
    said, at = "It failed.", None
    for row in after:
        at = _PY_FRAME.match(row) or at
        if re.match(r"^(={20,}|-{20,})$", row) and said != "It failed.":
            break
        if re.match(r"^[\w.]{1,200}(Error|Exception|Failure)\b", row):
            said = row
            break
    where = match["where"] if match["where"].endswith(f".{match['name']}") else f"{match['where']}.{match['name']}"
    return _made("test", "unittest", where, *_at(at), said)


def _javascript(row: str, after: list[str]) -> Failure | None:
    if match := _VITEST.match(row):
        words, at = _until_blank(after[:AROUND]), _first(_JS_AT, after)
        return _made("test", "vitest", match["name"], match["path"], at["line"] if at else "", "\n".join(words))
    if (match := _JEST.match(row)) and "›" in row:
        said = [each.strip() for each in after[:AROUND] if each.strip()][:6]
        return _made("test", "jest", match["name"], *_at(_first(_JS_AT, after)), "\n".join(said))
    if match := _TAP.match(row):
        return _made("test", "tap", match["name"], message="It failed.")
    return None


def _first(pattern: "re.Pattern[str]", rows: Sequence[str]) -> "re.Match[str] | None":
    matches = (pattern.search(row) for row in rows)
    return next((match for match in matches if match and not any(part in match["path"] for part in _NOISE)), None)


def _at(match: "re.Match[str] | None") -> tuple[str, str]:
    return (match["path"], match["line"]) if match else ("", "")


def _until_blank(rows: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for row in rows:
        if not row.strip() and kept:
            break
        kept += [row.rstrip()] if row.strip() else []
    return kept


def _made(kind: str, tool: str, name: str | None = "", path: str | None = "", line: str | None = "",
          message: str | None = "") -> Failure:  # fmt: skip
    place = (path or "").replace("\\", "/").removeprefix("./")
    inside = place if place and not place.startswith(("/", "../")) and ":" not in place else ""
    return Failure.model_validate({
        "kind": kind, "tool": tool, "name": (name or "").strip()[:300], "path": inside,
        "line": int(line or 0) if inside else 0, "message": (message or "").strip()[:MAX_MESSAGE] or "It failed.",
    })  # fmt: skip


def _without_doubles(found: list[Failure]) -> Iterator[Failure]:
    """A test that was told twice counts once: the one that says where."""
    placed = {each.name for each in found if each.kind == "test" and each.path}
    for each in found:
        parent = any(other.tool == each.tool == "go" and other.name.startswith(f"{each.name}/") for other in found)
        if each.kind == "test" and ((not each.path and each.name in placed) or parent):
            continue
        yield each


def _last_words(rows: list[str]) -> str:
    """Around the step that failed, else the end."""
    ends = [n for n, row in enumerate(rows) if row.startswith("Process completed with exit code")]
    kept = [row for row in rows[: ends[0] if ends else None] if row.strip()][-TAIL:]
    return "\n".join(kept)[-MAX_MESSAGE * 3 :] or "The job failed, and its log is empty."

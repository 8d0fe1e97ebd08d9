"""Readers of what test runners leave behind. The bytes come out of the sandbox: they are data, and may be hostile."""

import json
import re
from collections.abc import Callable, Iterable
from xml.etree import ElementTree

from factory.checks.kind import Report
from factory.contracts.evidence import CaseStatus, Counts
from factory.contracts.sandbox import JobResult

MOST_CASES = 200_000
MOST_XML = 64 << 20
MOST_DETAILS = 20
DETAIL = 1500  # characters kept of one failure, head and tail


class Cases:
    """Collects cases; the same id twice becomes `id #2`, so that no test hides behind another."""

    def __init__(self) -> None:
        self.cases: dict[str, CaseStatus] = {}
        self.details: dict[str, str] = {}

    def add(self, name: str, status: CaseStatus, detail: str = "") -> None:
        key, n = name, 1
        while key in self.cases:
            n += 1
            key = f"{name} #{n}"
        if len(self.cases) < MOST_CASES:
            self.cases[key] = status
        if detail and status in ("failed", "error") and len(self.details) < MOST_DETAILS:
            self.details[key] = clip(detail, DETAIL)

    def report(self) -> Report | None:
        return Report(cases=self.cases, details=self.details) if self.cases else None


def clip(text: str, most: int) -> str:
    """Head and tail of a long text."""
    text = text.strip()
    return text if len(text) <= most else f"{text[: most // 3]}\n… cut …\n{text[-(most - most // 3) :]}"


def counts_of(cases: Iterable[CaseStatus]) -> Counts:
    tally = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
    for status in cases:
        tally[status] += 1
    return Counts(
        collected=sum(tally.values()),
        passed=tally["passed"],
        failed=tally["failed"],
        errors=tally["error"],
        skipped=tally["skipped"],
    )


def parse_xml(data: bytes) -> ElementTree.Element | None:
    """The root, or None for what is too large, no XML, or declares entities (a bomb)."""
    if len(data) > MOST_XML or b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data:
        return None
    try:
        return ElementTree.fromstring(data)  # noqa: S314  (entity declarations are refused above)
    except ElementTree.ParseError:
        return None


Name = Callable[[ElementTree.Element, tuple[str, ...]], str]


def dotted(case: ElementTree.Element, suites: tuple[str, ...]) -> str:
    """`classname::name`, as surefire and gradle write it, or the names of the suites around it."""
    inner = " > ".join((*suites, case.get("name") or "?"))
    owner = case.get("classname") or ""
    return f"{owner}::{case.get('name') or '?'}" if owner and owner != "test" else inner


def junit(files: Iterable[bytes], name: Name = dotted, suites: bool = False) -> Report | None:
    """Cases of JUnit XML files; None when no file was readable or none holds a case."""
    found = Cases()
    for data in files:
        root = parse_xml(data)
        if root is not None:
            _walk(root, (), name, suites, found)
    return found.report()


def _walk(node: ElementTree.Element, path: tuple[str, ...], name: Name, suites: bool, found: Cases) -> None:
    for child in node:
        if child.tag == "testcase":
            status, detail = _verdict(child)
            found.add(name(child, path), status, detail)
        elif child.tag == "testsuite":
            _walk(child, (*path, child.get("name") or "?") if suites else path, name, suites, found)


def _verdict(case: ElementTree.Element) -> tuple[CaseStatus, str]:
    for tag, status in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        inner = case.find(tag)
        if inner is not None:
            text = inner.text or inner.get("message") or ""
            return status, text  # type: ignore[return-value]  # the tuple above spells CaseStatus
    return "passed", ""


_TAP = re.compile(r"^(\s*)(not ok|ok)\b\s*\d*\s*-?\s*(.*?)\s*(?:#\s*(SKIP|TODO)\b.*)?$", re.IGNORECASE)


def tap(text: str) -> Report | None:
    """Test Anything Protocol. A `type: 'suite'` line after a result means it only sums up others."""
    found = Cases()
    lines = text.splitlines()
    names: list[str] = []
    for number, line in enumerate(lines):
        if match := re.match(r"^(\s*)# Subtest: (.*)$", line):
            depth = len(match[1]) // 4
            names = [*names[:depth], match[2]]
        elif match := _TAP.match(line):
            depth = len(match[1]) // 4
            if any(
                "type: 'suite'" in after for after in lines[number + 1 : number + 14] if _near(after, lines, number)
            ):
                continue
            status: CaseStatus = "passed" if match[2] == "ok" else "failed"
            if (match[4] or "").upper() == "SKIP":
                status = "skipped"
            found.add(" > ".join((*names[:depth], match[3])), status, "\n".join(lines[number + 1 : number + 16]))
    return found.report()


def _near(after: str, lines: list[str], number: int) -> bool:
    """Does the line `after` still belong to the result at `number`?"""
    for line in lines[number + 1 :]:
        if _TAP.match(line) or line.strip() == "...":
            return False
        if line is after:
            return True
    return False


def go_json(text: str) -> Report | None:
    """`go test -json`: one event a line; a package that fails to build is an error case."""
    found = Cases()
    output: dict[str, list[str]] = {}
    for line in text.splitlines():
        try:
            event = json.loads(line) if line.startswith("{") else None
        except ValueError:
            continue
        if not isinstance(event, dict):
            continue
        package, test, action = (str(event.get(key) or "") for key in ("Package", "Test", "Action"))
        name = f"{package}::{test}" if test else f"{package} (package)"
        if action == "output":
            output.setdefault(name, []).append(str(event.get("Output") or ""))
        elif test and action in ("pass", "fail", "skip"):
            status: CaseStatus = {"pass": "passed", "fail": "failed", "skip": "skipped"}[action]  # type: ignore[assignment]  # spelled right here
            found.add(name, status, "".join(output.get(name, ())))
        elif action == "fail" and not any(key.startswith(f"{package}::") for key in found.cases):
            found.add(name, "error", "".join(output.get(name, ())))
    return found.report()


_CARGO = re.compile(r"^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", re.MULTILINE)
_CARGO_TARGET = re.compile(r"^\s+(?:Running|Doc-tests)\s+(?:unittests )?(\S+)", re.MULTILINE)


def cargo(text: str) -> Report | None:
    """The text of `cargo test`; ids are `target::test`."""
    found = Cases()
    target = ""
    for line in text.splitlines():
        if match := _CARGO_TARGET.match(line):
            target = match[1]
        elif match := _CARGO.match(line):
            word: dict[str, CaseStatus] = {"ok": "passed", "FAILED": "failed", "ignored": "skipped"}
            detail = re.search(rf"^---- {re.escape(match[1])} stdout ----\n(.*?)^(?:----|failures:)", text, re.M | re.S)
            found.add(f"{target}::{match[1]}", word[match[2]], detail[1] if detail else "")
    return found.report()


def jest(data: bytes) -> Report | None:
    """`--json` of jest, and vitest's reporter of the same form."""
    found = Cases()
    try:
        files = json.loads(data)["testResults"]
        for file in files:
            path = str(file.get("name", "")).removeprefix("/work/")
            words: dict[str, CaseStatus] = {"passed": "passed", "failed": "failed"}
            for case in file.get("assertionResults", ()):
                text = "\n".join(map(str, case.get("failureMessages") or ()))
                found.add(f"{path}::{case.get('fullName')}", words.get(case.get("status"), "skipped"), text)
            if file.get("status") == "failed" and not file.get("assertionResults"):
                found.add(path, "error", str(file.get("message") or ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found.report()


def mocha(data: bytes) -> Report | None:
    """mocha's `json` reporter."""
    found = Cases()
    try:
        body = json.loads(data)
        for key, status in (("passes", "passed"), ("failures", "failed"), ("pending", "skipped")):
            for case in body[key]:
                path = str(case.get("file") or "").removeprefix("/work/")
                text = str((case.get("err") or {}).get("stack") or "")
                found.add(f"{path}::{case['fullTitle']}", status, text)  # type: ignore[arg-type]  # spelled right here
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found.report()


def any_text(result: JobResult) -> Report | None:
    """Best effort for a command somebody typed: the formats above, wherever they show up."""
    files = [data for name, data in sorted(result.files.items()) if name.endswith(".xml")]
    report = junit(files) if files else None
    return report or go_json(result.output) or cargo(result.output) or tap(result.output)

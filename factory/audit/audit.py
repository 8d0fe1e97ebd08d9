"""The audit by rules of one change: what it adds to the data flow, and what of that is wrong.

Only what the change touches is said, and nothing that was wrong in the same way before: a finding stops a delivery.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from factory.audit import access, plain, workflows
from factory.audit.change import Change
from factory.audit.code import File
from factory.audit.elements import elements_of, ways_of
from factory.audit.flow import Flow, flow_of
from factory.audit.proof import test_for
from factory.audit.taint import Reached, Step
from factory.contracts.audit import Audited
from factory.contracts.finding import SEVERITIES, Finding, Severity, fingerprint
from factory.hunt.detectors.hardcoded_credential import DETECTOR as CREDENTIALS
from factory.hunt.detectors.hardcoded_credential import is_credential
from factory.hunt.source import Source

SOURCE = "athena.rules"
MOST_FINDINGS = 20


class _Found(NamedTuple):
    key: str  # what is the same before and after a change elsewhere
    lines: tuple[Step, ...]  # source, steps, sink
    finding: Finding


def audit(change: Change) -> Audited:
    """Nothing it reads is run; a file that cannot be parsed is left out."""
    after = change.sources(change.after)
    flow = flow_of(after)
    new = [each for each in _all(flow, after) if any(change.touches(step.path, step.line) for step in each.lines)]
    if new:
        before = change.sources(change.before)
        known = {each.key for each in _all(flow_of(before), before)}
        new = [each for each in new if each.key not in known]
    once = {each.finding.id: each.finding for each in new}
    ranked = sorted(once.values(), key=lambda one: (-SEVERITIES.index(one.severity), one.path, one.start))
    elements, omitted = elements_of(flow, change)
    return Audited(
        elements=elements, ways=ways_of(flow, change), findings=tuple(ranked[:MOST_FINDINGS]), omitted=omitted
    )


def _all(flow: Flow, sources: Sequence[Source]) -> Iterator[_Found]:
    for _, each in flow.reached():
        if not each.checked:
            yield _followed(flow, each)
    for source in sources:
        file = flow.files.get(source.path)
        seen = [*workflows.look(source.path, source.lines), *_credentials(source, file)]
        if file is not None:
            seen += [*plain.look(file), *access.look(file, flow.entries[source.path])]
        yield from (_plain(source, one) for one in dict.fromkeys(seen))


def _followed(flow: Flow, each: Reached) -> _Found:
    steps = each.origin.steps
    lines = [f"{step.path}:{step.line}: {_line(flow, step)}" for step in steps]
    end = _line(flow, Step(each.path, each.line))
    key = "\0".join((each.sink.rule, each.path, end, each.origin.label, *(_line(flow, step) for step in steps[:1])))
    who = "A model's answer" if each.origin.kind == "model" else f"`{each.origin.label}`"
    test = test_for(flow, each)
    found = _finding(
        each.sink.rule, each.path, each.line, key, each.sink.severity, each.sink.confidence, each.sink.cwe,
        f"{who} reaches `{each.name}` unchecked: {each.sink.what}.", "\n".join(lines),
        f"{each.sink.fix}{f' A test: {test}' if test else ''}",
    )  # fmt: skip
    return _Found(key, steps, found)


def _plain(source: Source, one: plain.Seen) -> _Found:
    line = source.line(one.line).strip()
    key = "\0".join((one.rule, source.path, line))
    found = _finding(one.rule, source.path, one.line, key, one.severity, one.confidence, one.cwe, f"{one.message}.",
                     f"{source.path}:{one.line}: {line[:300]}", one.fix)  # fmt: skip
    return _Found(key, (Step(source.path, one.line),), found)


def _finding(rule: str, path: str, line: int, key: str, severity: Severity, confidence: float, cwe: str, message: str,
             evidence: str, fix: str) -> Finding:  # fmt: skip
    return Finding(id=fingerprint(SOURCE, rule, path, key), source=SOURCE, rule=rule, path=path, start=line, end=line,
                   severity=severity, confidence=confidence, category=cwe, message=message[:1000],
                   evidence=evidence[:2000], fix=fix[:2000])  # fmt: skip


def _line(flow: Flow, step: Step) -> str:
    file = flow.files.get(step.path)
    return file.line(step.line)[:300] if file else ""


def _credentials(source: Source, file: File | None) -> Iterator[plain.Seen]:
    """The hunt's detector; and literals that a script gives to a name that says what they are."""
    hits = [(hit.start, hit.message, hit.fix) for hit in (CREDENTIALS.look(source) if CREDENTIALS.look else ())]
    if file is not None and file.script:
        hits += [(line, f"The value of {name} stands in the code", "Read it from the environment or a secret store.")
                 for line, name, text in _literals(file) if is_credential(_snake(name), text)]  # fmt: skip
    for line, message, fix in hits:
        yield plain.Seen(line, "hardcoded-credential", "CWE-798", "high", 0.85, message, fix)


def _literals(file: File) -> Iterable[tuple[int, str, str]]:
    from factory.audit.code import expressions, statements

    for function in file.functions:
        for one in statements(function.body):
            if one.value is not None and one.value.kind == "const":
                yield from ((one.line, name, one.value.text) for name, _ in one.targets)
        for expr in expressions(function.body):
            yield from ((value.line, name, value.text) for name, value in expr.keywords if value.kind == "const")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()

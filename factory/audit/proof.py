"""A test for a finding, where it is simple: the entry, the field, a value that must do nothing."""

import re

from factory.audit.flow import Flow
from factory.audit.taint import Reached, Step

_FIELD = re.compile(r"(?:args|form|values|json|GET|POST|query|body|params|query_params)(?:\.get\(|\[|\.)\s*[\"']?(\w+)")


def test_for(flow: Flow, each: Reached) -> str:
    """One sentence: which request, and what must not come of it. "" when the way does not begin in a route."""
    first = each.origin.steps[0] if each.origin.steps else Step(each.path, each.line)
    entries = [entry for entry in flow.entries.get(first.path, ()) if entry.line <= first.line <= entry.end]
    entry = next((entry for entry in entries if entry.kind == "route"), None)
    if entry is None or not each.sink.example:
        return ""
    file = flow.files[first.path]
    field = _FIELD.search(file.line(first.line))
    name = field[1] if field else each.origin.label if each.origin.label in entry.theirs else ""
    what = f"with `{name}` set to" if name else "with the value"
    return f"send `{entry.name}` {what} {each.sink.example!r} and expect a refusal (4xx)."

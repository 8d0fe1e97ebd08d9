"""Who may: an entry that writes and asks nobody, where all around it do."""

import re
from collections.abc import Iterator, Sequence

from factory.audit.code import File, expressions
from factory.audit.entries import Entry
from factory.audit.plain import Seen

LEAST = 2  # other writing entries of the file, all of them guarded
_GUARD = re.compile(r"(?i)(login_required|auth|permission|require|protect|guard|admin|jwt|role|verify|current_user"
                    r"|Depends|Security|ensure|policy|can_|check_|session)")  # fmt: skip
_OPEN = re.compile(r"(?i)(log_?in|log_?out|sign_?in|sign_?up|register|health|webhook|public|callback|token|refresh"
                   r"|password|csrf|contact|subscribe|metrics|ping|oauth|forgot|reset|verify)")  # fmt: skip


def look(file: File, entries: Sequence[Entry]) -> Iterator[Seen]:
    writing = [entry for entry in entries if entry.kind == "route" and entry.writes]
    if any(_around(file, entry) for entry in entries):
        return
    guarded = [entry for entry in writing if _is_guarded(file, entry)]
    for entry in writing:
        bare = entry not in guarded and not _OPEN.search(f"{entry.name} {entry.function}")
        if bare and len(guarded) >= LEAST and len(guarded) == len(writing) - 1:
            yield Seen(
                entry.line, "missing-authorisation", "CWE-862", "high", 0.8,
                f"`{entry.name}` writes and asks nobody who is calling; the {len(guarded)} other writing routes "
                "here do",
                "Guard it as the routes beside it are guarded, or say in the code why everybody may.",
            )  # fmt: skip


def _is_guarded(file: File, entry: Entry) -> bool:
    if any(_GUARD.search(mark) for mark in entry.marks):
        return True
    function = next((each for each in file.functions if entry.function and each.name == entry.function), None)
    calls = expressions(function.body) if function else [
        each for top in file.functions for each in expressions(top.body) if entry.line <= each.line <= entry.end
    ]  # fmt: skip
    return any((each.kind == "call" and _GUARD.search(each.dotted)) or each.dotted.endswith((".user", "current_user"))
               for each in calls)  # fmt: skip


def _around(file: File, entry: Entry) -> bool:
    """A check for the whole file: `router.use(auth)`, `before_request`, dependencies of the router."""
    calls = (each for top in file.functions for each in expressions(top.body) if each.kind == "call")
    return (
        any(
            (each.text == "use" and any(_GUARD.search(arg.dotted) for arg in each.args))
            or (each.text in ("APIRouter", "FastAPI") and "dependencies" in dict(each.keywords))
            for each in calls
        )
        or any("before_request" in mark for mark in entry.marks)
        or any("before_request" in line for line in file.lines)
    )

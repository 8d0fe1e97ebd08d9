"""A person's word on a lesson, or on all that one run taught."""

import getpass
import re

from factory.contracts.errors import UsageProblem
from factory.contracts.memory import Decision
from factory.contracts.record import Record
from factory.memory.lines import iso, signed
from factory.memory.store import MemoryStore


class Decided(Record):
    """What was decided, for showing."""

    what: str
    target: str
    text: str = ""


def decide(store: MemoryStore, repo: str, target: str, what: str) -> Decided:
    """`target`: a lesson's id or a unique beginning of it; with `forget` also a run's id. Raises UsageProblem."""
    lessons = [each for each in store.lessons(repo) if target and each.id.startswith(target)]
    if len(lessons) == 1:
        found, text = lessons[0].id, lessons[0].text
    elif what == "forget" and any(getattr(line, "run", "") == target for line in store.lines(repo)):
        found, text = target, "all that this run taught"
    else:
        word = "begins more than one lesson's id" if lessons else "is the id of no lesson here"
        raise UsageProblem(f"{target[:60]!r} {word}: `factory memory list --all` shows them.")
    line = Decision.model_validate({"at": iso(store.now()), "target": found, "what": what, "who": _who()})
    store.add(repo, (signed(line),))
    return Decided(what=what, target=found, text=text)


def _who() -> str:
    try:
        return re.sub(r"[^\w.-]", "", getpass.getuser())[:80]
    except (KeyError, OSError):  # a user without a name
        return ""

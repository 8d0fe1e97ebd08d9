"""What the plan lets go: each test that it names and that the change really rewrote or deleted, and no other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from factory.checks.compare import RED, WHOLE_RUN, allowed, file_of, in_files, moved
from factory.checks.paired import Paired
from factory.checks.restore import Difference
from factory.checks.source import inside
from factory.contracts.finding import Finding, finding

RULE = "tests_excused"
MOST = 20  # findings in one suite; the notes name all


class Lost(NamedTuple):
    """Tests that the candidate's run no longer has, and those it skips."""

    gone: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def lost(pair: Paired) -> Lost:
    """Vanished and newly skipped tests of a run that came to its end."""
    if pair.crashed or not pair.repeatable:
        return Lost()
    found = pair.comparison
    gone = () if pair.uncollected else tuple(name for name in found.vanished if name != WHOLE_RUN)
    return Lost(gone, found.newly_skipped)


def deleted(pair: Paired, own: Paired | None, difference: Difference) -> tuple[str, ...]:
    """Tests of files that the change deletes: the guard run had them, the tree that ships has not."""
    gone = in_files(pair.base_cases, difference.deleted, pair.errand.suite.folder).keys()
    return tuple(sorted(gone - moved(gone, own.comparison.added if own else ())))


def let_go(pair: Paired, own: Paired | None, difference: Difference, named: Sequence[str]) -> dict[str, str]:
    """Test of the base -> what became of it, for each that the plan excuses. `pair` is the guard's, `own` the change's.

    A red one is excused only when the change's own form of it passes, or the change deleted it: a plan cannot make
    a failure go away that the change left as it is.
    """
    found: dict[str, str] = {}
    words = [
        ("is red as the base has it", [name for name in pair.suspects if _replaced(name, pair, own, difference)]),
        *_lost_words(lost(pair)),
        *_lost_words(lost(own) if own else Lost()),
        ("is deleted", deleted(pair, own, difference)),
    ]
    for what, names in words:
        found |= {name: what for name in names if allowed(name, named, pair.errand.suite.folder)}
    return dict(sorted(found.items()))


def _lost_words(what: Lost) -> Iterable[tuple[str, Sequence[str]]]:
    return ("is gone", what.gone), ("is skipped", what.skipped)


def _replaced(name: str, pair: Paired, own: Paired | None, difference: Difference) -> bool:
    """Did the change put something else in the place of this test of the base?"""
    path = inside(pair.errand.suite.folder, file_of(name))
    if path in difference.deleted:
        return True
    if own is None:
        return False
    status = own.candidate_cases.get(name)
    ended = own.candidate.outcome.ran and not own.uncollected
    touched = path in difference.files or not file_of(name)
    return status == "passed" or (touched and ended and status in (None, "skipped"))


def excuse_findings(pair: Paired, excused: Mapping[str, str]) -> list[Finding]:
    """Each excused test for people to see; a serious finding when none that worked is left."""
    found = [
        finding("tests", RULE, f"{name} {what} on the change; the plan says that it may go.", path=file_of(name),
                evidence=name, severity="low")
        for name, what in list(excused.items())[:MOST]
    ]  # fmt: skip
    if len(excused) > MOST:
        found.append(finding("tests", RULE, f"{len(excused) - MOST} more tests are excused by the plan; the notes name "
                             "them.", severity="low"))  # fmt: skip
    left = [name for name, status in pair.base_cases.items() if status not in (*RED, "skipped") and name not in excused]
    if excused and not left:
        suite = pair.errand.suite.name
        found.append(finding("tests", "all_tests_excused", f"{suite}: the plan excuses every test that passed on the "
                             "base, so nothing shows that what worked still works: a person must decide.",
                             severity="high"))  # fmt: skip
    return found


def excuse_notes(excused: Mapping[str, str]) -> list[str]:
    return [f"{name} {what} on the change; the plan says that it may go." for name, what in excused.items()]

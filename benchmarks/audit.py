"""Athena on planted weaknesses: what the rules find, by CWE, and what is believed of recorded model answers.

    python -m benchmarks.audit [--write]      --write puts the table into docs/benchmarks.md

Ends with 1 when precision or recall of the rules is under 0.9.
"""

import sys
import tempfile
from pathlib import Path

from factory.contracts.roster import Note
from tests.audit.corpus import Case, Score, cases, scores, total
from tests.audit.reviewed import Listener

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
START, END = "<!-- measured: audit -->", "<!-- end: audit -->"
FLOOR = 0.9


def main() -> int:
    made, wrong = scores()
    everything = total(made)
    rows = [_row(cwe, score) for cwe, score in made.items()]
    right, believed = heard()
    text = "\n".join([
        "| CWE | cases, each with its safe twin | found | false | recall | precision |",
        "|---|---|---|---|---|---|", *rows,
        _row("all", everything), "",
        f"Recorded answers through the validator, scored apart: {right} of {everything.cases} right quotes "
        f"are believed (each named a wrong line number), "
        f"{believed} of {2 * everything.cases} wrong ones (a line nobody wrote; the "
        "same answer on a safe twin that lacks the line).",
    ])  # fmt: skip
    print(text)
    print("\n".join(wrong))
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
        PAGE.write_text(f"{before}{START}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return int(min(everything.precision, everything.recall) < FLOOR)


def heard() -> tuple[int, int]:
    """(right quotes that are believed, wrong ones that are)"""
    right = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        listener = Listener(Path(folder) / "r")
        for case in cases():
            right += (
                len(listener.heard(case.files(case.bad), [_note(case, case.gone or case.quote)])) if case.bad else 0
            )
            wrong += len(listener.heard(case.files(case.bad), [_note(case, "os.system(nobody_wrote_this)")]))
            wrong += len(listener.heard(case.files(case.good), [_note(case, case.gone or case.quote)]))
    return right, wrong


def _note(case: Case, quote: str) -> Note:
    return Note(rule="planted", path=case.path, line=999, quote=quote, severity="high", message="planted")


def _row(name: str, score: Score) -> str:
    return f"| {name} | {score.cases} | {score.found} | {score.false} | {score.recall:.2f} | {score.precision:.2f} |"


if __name__ == "__main__":
    sys.exit(main())

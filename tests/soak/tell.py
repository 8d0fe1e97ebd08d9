"""What a soak that failed has to say: all about each task that something is wrong with. A seed played again is never
quite the same, so it must be said now."""

import re
from collections.abc import Sequence

from tests.jobs.place import Place
from tests.soak.chaos import Chaos

PRINTED = 12_000  # characters of one task in the assertion's message; its file has the whole
_NUMBER = re.compile(r"#(\d+)")


def told(here: Place, chaos: Chaos, problems: Sequence[str], runs: dict[int, list[int]]) -> str:
    """The problems, each task's story below. `runs`: the workflow runs of an issue."""
    numbers = sorted({int(found) for problem in problems for found in _NUMBER.findall(problem)})
    owners = {pull: issue for pull in numbers for issue in runs if _of(here, issue, pull)}
    parts = ["\n".join(problems)]
    for issue in sorted({owners.get(number, number) for number in numbers} & set(runs))[:5]:
        text = _story(here, chaos, issue, runs[issue])
        file = here.folder.parent / f"{here.folder.name}-task-{issue}.txt"
        file.write_text(text)
        parts.append(f"{file}:\n{text[:PRINTED]}")
    return "\n\n".join(parts)


def _of(here: Place, issue: int, pull: int) -> bool:
    """Did a run on this issue make this pull request?"""
    return any(row.get("issue") == issue and row.get("pull_made") == pull for row in here.ledger())


def _story(here: Place, chaos: Chaos, issue: int, runs: Sequence[int]) -> str:
    rows = [row for row in here.ledger() if row.get("issue") == issue]
    names = {row["run"] for row in rows}
    there = [each for each in here.repo.issues.values()
             if each.number == issue or any(f"run={name} " in each.body for name in names)]  # fmt: skip
    parts = [f"== books of #{issue}", *(_row(row) for row in rows)]
    for each in there:
        head = f" {each.pull.head} at {each.pull.head_sha}" if each.pull else ""
        parts += [f"== #{each.number} {each.state} {each.labels}{head}", each.body]
        parts += [f"-- comment {comment.id} at {comment.created}\n{comment.body}" for comment in each.comments]
    mine = tuple(f"{run}-" for run in runs)
    parts += [f"== requests of the runs {runs}"]
    parts += [f"{job}: {said}" for job, said in list(chaos.log) if job.startswith(mine)]
    logs = [log for run in runs for log in (here.folder / "jobs").glob(f"{run}-*/log.txt")]
    for log in sorted(logs, key=lambda each: each.stat().st_mtime):
        parts += [f"== {log.parent.name}", log.read_text()[-2000:]]
    return "\n".join(parts)


def _row(row: dict[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items() if name not in ("ticket", "handover", "event"))

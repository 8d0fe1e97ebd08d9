"""How many requests to GitHub's API a swarm makes: eight units over two waves, one of them failing, then the box.

Measured on the GitHub double with the real workflow files; requests of git and of artifacts do not count there either.
"""

from collections import Counter
from pathlib import Path

from benchmarks.table import Row
from factory.simulator.expressions.evaluator import expressions
from factory.simulator.hub.state import Hub
from tests.simulator.factory_town import town
from tests.simulator.test_whole_swarm import files, script

BOT = "github-actions[bot]"


def calls(folder: Path) -> list[Row]:
    """Requests until the first status comment stands, of the whole swarm, and of the box's part after it."""
    with expressions() as evaluator, town(folder, evaluator, files(8), script(8, broken=3)) as here:
        here.label(here.issue("Let every part take times", "go(2) should return 2 in each part."), "agent:swarm")
        runs = here.settle(900)
        if len(here.pulls()) != 1 or here.pulls()[0]["draft"]:
            raise RuntimeError(here.trouble())
        asked = requests(here.hub)
        sent = asked.index(("POST", f"/repos/{here.repo.full_name}/dispatches")) + 1
    first = next(place for place, (verb, path) in enumerate(asked, 1) if verb == "POST" and path.endswith("/comments"))
    kinds = Counter(verb for verb, _ in asked)
    jobs = sum(bool(job.result) and job.result != "skipped" for run in runs for job in run.jobs)
    return [
        Row("API requests from the gate to the first status comment", first, 5, "", _paths(asked[:first])),
        Row("API requests of a swarm of 8 and the box", len(asked), 150, "", f"{jobs} jobs; {_said(kinds)}"),
        Row("of these until the box was sent its errand", sent, None, ""),
    ]


def requests(hub: Hub) -> list[tuple[str, str]]:
    """(verb, path) of every request that jobs made, in their order."""
    return [(verb, path) for verb, path, _, login in hub.requests if login == BOT]


def _paths(asked: list[tuple[str, str]]) -> str:
    return ", ".join(f"{verb} {path.split('/', 4)[-1]}" for verb, path in asked)


def _said(kinds: Counter[str]) -> str:
    return ", ".join(f"{many} {kind}" for kind, many in kinds.most_common())

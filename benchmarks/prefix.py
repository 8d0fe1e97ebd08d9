"""How much of a prompt is the beginning of the one before it: what a prefix cache need not compute again.

    python -m benchmarks.prefix [--units 4] [--steps 8] [--vllm URL --model NAME] [--write]

A real run of two rounds on this repository's own HEAD (not installed, its tests not run), with recorded answers: units
of several roles in the tool loop, reviewers, a judge who wants one thing changed, the fixer, reviewers and judge once
more. The prompts are those that the journal kept. Tokens are estimated, the chat template is left out. With --vllm they
are also sent, tools and all, in that order and with one token to answer, to a vLLM server that has nothing else to do,
under a cache salt of this run's own; its counters say what its cache held. --write puts the table into
docs/benchmarks.md. Ends with 1 when a goal is missed.
"""

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple
from urllib.request import Request as Asked
from urllib.request import build_opener

from benchmarks.answers import Reply, judged, settings
from benchmarks.factory import factory
from benchmarks.table import HEAD, Row, line, machine
from factory.app import open_state
from factory.contracts.model import Endpoint, Exchange, Request
from factory.llm.providers import openai
from factory.llm.tokens import estimate
from factory.occurrences import shared

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
FROM, TO = "<!-- measured: python -m benchmarks.prefix -->\n", "<!-- end: prefix -->\n"
ISSUE = """The tool loop should say why it stopped

When `Loop.run` in factory/desk/loop.py ends because of a cap, `Caps` and the step are known. Say both, in the change's
notes and in factory/render. `History.fit` in factory/desk/window.py can end a loop too.
"""
ROLES = ("backend", "unit", "integration", "scribe", "frontend", "qa", "visual", "backend")
INSTALLED = ("pyproject.toml", "uv.lock")
READ = ("factory/desk/loop.py", "factory/desk/window.py", "factory/desk/stuck.py", "factory/desk/tools.py")


class Prompt(NamedTuple):
    """One request that was sent: where in the run, and all its messages as one text."""

    stage: str
    unit: str
    request: Request
    text: str


def plan(units: int) -> Reply:
    rows = [{"id": f"u{n}", "role": ROLES[n % len(ROLES)], "title": f"Part {n}", "instructions": f"Write part {n}.",
             "owns": [f"notes/part_{n}.py"], "reads": [READ[n % len(READ)]], "acceptance": ["A1"]}
            for n in range(units)]  # fmt: skip
    return {"role": "atlas", "text": json.dumps({
        "summary": "Say why a loop stopped.", "effort": 5, "units": rows,
        "acceptance": [{"id": "A1", "text": "A loop that ended early says which cap it met, and at which step."}],
    })}  # fmt: skip


def answers(units: int, steps: int) -> Iterator[Reply]:
    yield plan(units)
    for n in range(units):
        for turn in range(steps):
            path = READ[(n + turn) % len(READ)]
            call = {"name": "read_file", "arguments": {"path": path, "start": 1 + 20 * turn, "end": 60 + 20 * turn}}
            yield _turn(n, turn, f"I read {path}.", [call])
        text = f"### write notes/part_{n}.py\n<<<<<<< CONTENT\nPART = {n}\n>>>>>>> END\n"
        yield _turn(n, steps, text, [])
        yield _turn(n, steps + 1, "Done.", [{"name": "finish", "arguments": {"summary": f"Part {n}."}}])
    yield {"role": "genesis", "text": json.dumps(
        {"evidence": [], "reasons": ["PART in notes/part_0.py is 0, it must be 1."], "must_fix": [],
         "decision": "REVISE"})}  # fmt: skip
    block = "### edit notes/part_0.py\n<<<<<<< SEARCH\nPART = 0\n=======\nPART = 1\n>>>>>>> REPLACE\n"
    yield {"role": "demiurge", "nth": 0, "text": "I look.",
           "calls": [{"name": "read_file", "arguments": {"path": "notes/part_0.py"}}]}  # fmt: skip
    yield {"role": "demiurge", "nth": 1, "text": block}
    yield {"role": "demiurge", "nth": 2, "text": "Done.",
           "calls": [{"name": "finish", "arguments": {"summary": "1 it is."}}]}  # fmt: skip
    yield from judged("u0")


def _turn(unit: int, turn: int, text: str, calls: Sequence[Reply]) -> Reply:
    return {"match": f"Write part {unit}.", "nth": turn, "text": text, "calls": list(calls)}


def walked(folder: Path, units: int, steps: int) -> list[Prompt]:
    """The prompts of the run, in the order in which the journal has them."""
    cloned(folder / "repo")
    (folder / "issue.md").write_text(ISSUE)
    config = settings(folder / "settings", list(answers(units, steps)), coding="work")
    text = config.read_text() + '\ntests = ["true"]\n'
    config.write_text(text.replace("[line]\n", "[line]\nthreads = 1\n"))
    factory(folder / "state", "run", "--repo", folder / "repo", "--issue", folder / "issue.md", "--config", config)
    state = open_state(folder / "state")
    (run,) = state.journal.recent()
    found = []
    for step in state.journal.steps(run.id):
        if step.kind == "exchange":
            request = Exchange.from_json(step.output).request
            found.append(Prompt(step.stage, step.unit, request, said(request)))
    return found


def cloned(folder: Path) -> None:
    """This repository's HEAD without what says how to install it: its tests are not run, and an environment for them
    took two minutes to make and one to delete."""
    subprocess.run(["git", "clone", "--quiet", "--no-local", "--depth", "1", f"file://{ROOT}", str(folder)], check=True)
    who = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")
    subprocess.run(["git", "rm", "--quiet", *INSTALLED], cwd=folder, check=True)
    subprocess.run(["git", *who, "commit", "--quiet", "-m", "not installed"], cwd=folder, check=True)


def said(request: Request) -> str:
    """All messages as one text. Tools stand before them, as templates have it."""
    tools = "".join(tool.to_json() for tool in request.tools)
    calls = [f"<{one.role}>{one.text}{''.join(call.to_json() for call in one.calls)}" for one in request.messages]
    return tools + "".join(calls)


def share(pairs: Iterable[tuple[Prompt, Prompt]]) -> tuple[float, float, int]:
    """(of all tokens of the second ones in percent, the least of one pair, how many)."""
    both = [(estimate(b.text[: shared(a.text, b.text)]), estimate(b.text)) for a, b in pairs]
    if not both:
        raise RuntimeError("the run took no such steps: look at the recorded answers")
    whole = 100 * sum(had for had, _ in both) / sum(all_ for _, all_ in both)
    return whole, min(100 * had / all_ for had, all_ in both), len(both)


def pairs(prompts: Sequence[Prompt]) -> dict[str, list[tuple[Prompt, Prompt]]]:
    loops: dict[tuple[str, str], list[Prompt]] = {}
    for prompt in prompts:
        loops.setdefault((prompt.stage, prompt.unit), []).append(prompt)
    first = [each[0] for each in loops.values()]
    units = [one for one in first if one.stage == "generate"]
    fixes = [one for one in first if one.unit.startswith("fix-")]
    rounds: dict[str, dict[str, Prompt]] = {}
    for one in first:
        if found := re.fullmatch(r"r(\d+)\.(.+)", one.unit):
            rounds.setdefault(found[1], {})[found[2]] = one
    looks = {n: [one for name, one in each.items() if "genesis" not in name] for n, each in rounds.items()}
    judges = {n: [one for name, one in each.items() if "genesis" in name] for n, each in rounds.items()}
    return {
        "a step of the tool loop, with the step before": [
            pair for each in loops.values() if len(each) > 1 for pair in pairwise(each)
        ],
        "a unit of another role, with the unit before": list(pairwise(units)),
        "the fixer, with the last unit": [(units[-1], one) for one in fixes],
        "a lens or auditor, with the one before": [
            pair for each in looks.values() for pair in pairwise(each)
        ],
        "the judge, with the last auditor": [(looks[n][-1], one) for n, each in judges.items() for one in each],
        "a lens in the second round, with the first round": [
            (rounds["1"][name], one) for name, one in rounds.get("2", {}).items() if name in rounds["1"]
        ],
    }  # fmt: skip


GOALS = {"a step of the tool loop, with the step before": 90.0, "a unit of another role, with the unit before": 60.0}


def rows(prompts: Sequence[Prompt]) -> Iterator[Row]:
    for what, found in pairs(prompts).items():
        whole, least, count = share(found)
        how = f"{count} times; the least {least:.0f} %; of {estimate(found[-1][1].text):,} tokens at last"
        yield Row(what, whole, GOALS.get(what), "%", how, least=True)


def served(prompts: Sequence[Prompt], url: str, model: str) -> Iterator[Row]:
    """Each prompt to a real server; what it says of its cache, for each kind of prompt."""
    kinds = {"in the tool loop": "generate", "reviewers, judge, fixer": "refine"}
    salt = token_hex(16)  # what an earlier run left in the cache is not this one's
    for what, stage in kinds.items():
        before = _counters(url)
        for prompt in prompts:
            if prompt.stage == stage:
                _ask(url, model, prompt.request, salt)
        after = _counters(url)
        asked, had = (after[name] - before[name] for name in ("queries", "hits"))
        yield Row(f"vLLM's own count, {what}", 100 * had / max(asked, 1), None, "%", f"of {asked:,.0f} tokens")


def _ask(url: str, model: str, request: Request, salt: str) -> None:
    """As the line sends it, tools and all, with one token to answer."""
    own = Endpoint(name="measured", wire="openai", model=model, json_schema=False)
    body = openai.body(own, request.but(max_tokens=1)) | {"stream": False, "cache_salt": salt}
    del body["stream_options"]
    asked = Asked(f"{url}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with build_opener().open(asked, timeout=600) as answer:
        answer.read()


def _counters(url: str) -> dict[str, float]:
    with build_opener().open(f"{url}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = {}
    for name in ("queries", "hits"):
        values = re.findall(rf"^vllm:prefix_cache_{name}(?:_total)?(?:\{{[^}}]*\}})? ([\d.e+]+)$", text, re.M)
        found[name] = sum(map(float, values))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=4)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--vllm", default="", help="http://host:port of a vLLM server")
    parser.add_argument("--model", default="", help="its name there")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the run is ended too
    folder = Path(tempfile.mkdtemp(prefix="factory-prefix-"))
    try:
        prompts = walked(folder, asked.units, asked.steps)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = list(rows(prompts))
    found += served(prompts, asked.vllm.rstrip("/"), asked.model) if asked.vllm else []
    text = f"{machine()}\n\n{HEAD}\n" + "\n".join(map(line, found))
    print(text)
    if asked.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(FROM)
        PAGE.write_text(f"{before}{FROM}\n{text}\n\n{TO}{rest.partition(TO)[2]}", encoding="utf-8")
    return int(any(one.verdict == "MISSED" for one in found))


if __name__ == "__main__":
    sys.exit(main())

"""Findings on real repositories, drawn by a seed, with the labels that a person gave them by reading the code.

A set is a file of benchmarks/data: for each repository its commit, and for each fingerprint true (a maintainer should
mend it) or false (noise); `without` names detectors that it is no judge of, `only` the ones that it is asked for at
all. No code is kept. A finding that is drawn and not labelled counts as nothing, and is listed.
"""

import random
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from factory.codegraph.building.sources import source_of_commit
from factory.codegraph.store.store import GraphStore
from factory.contracts.finding import Finding
from factory.contracts.night import HuntSettings
from factory.hunt.export import exported
from factory.hunt.ground import Ground
from factory.hunt.hunt import hunt

DATA = Path(__file__).parent / "data"
SETS = {
    "sample": "hunt_labels.toml",
    "unseen": "hunt_unseen.toml",
    "fresh": "hunt_fresh.toml",
    "last": "hunt_last.toml",
    "apps": "hunt_apps.toml",
    "later": "hunt_later.toml",
    "newest": "hunt_newest.toml",
}
"""sample: the detectors grew on these repositories. unseen, then fresh: labelled before anything was mended for them,
and mended afterwards. last: labelled after all that; three detectors were mended for it later. apps: labelled after
that; the same three were mended for it. later: those three, and mended again. newest: those three after all that, and
nothing was mended for them."""
EACH = 10  # of a detector, over all repositories
PER_REPOSITORY = 4  # of a detector, so that one repository does not decide
AROUND = 6  # lines shown before and after


class Drawn(NamedTuple):
    repository: str
    finding: Finding
    label: bool | None
    shown: str


def drawn(name: str, clones: Path, only: Sequence[str] = ()) -> list[Drawn]:
    """At most EACH findings of each detector (or of `only` these) of this set, the same ones each time."""
    found: dict[str, list[Drawn]] = defaultdict(list)
    for entry in tomllib.loads((DATA / SETS[name]).read_text(encoding="utf-8"))["repository"]:
        asked = [rule for rule in only or entry.get("only", ()) if rule in entry.get("only", (rule,))]
        if only and not asked:
            continue
        for each in _of(clones, entry["name"], entry["commit"], entry.get("labels", {}), asked):
            if each.finding.rule not in entry.get("without", ()):
                found[each.finding.rule].append(each)
    return [each for rule in sorted(found) for each in _some(found[rule], EACH)]


def _of(clones: Path, name: str, commit: str, labels: dict[str, bool], only: Sequence[str]) -> Iterator[Drawn]:
    repo = clones / name.replace("/", "+") / "repo"
    by_rule: dict[str, list[Drawn]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="factory-bench-") as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        ground = exported(source_of_commit(repo, commit), tree, lambda: GraphStore(Path(folder) / "graph.db"))
        for finding in hunt(ground, HuntSettings(), only=only).findings:
            shown = _shown(name, finding, ground)
            by_rule[finding.rule].append(Drawn(name, finding, labels.get(finding.id), shown))
    for rows in by_rule.values():
        yield from _some(rows, PER_REPOSITORY)


def _some(rows: list[Drawn], most: int) -> list[Drawn]:
    """By the fingerprint, not by the order: a finding more or less changes little of what is drawn."""
    rows = sorted(rows, key=lambda each: random.Random(each.finding.id).random())
    return rows[:most]


def _shown(name: str, finding: Finding, ground: Ground) -> str:
    source = ground.source(finding.path)
    lines = [
        f"{'>' if finding.start <= number <= finding.end else ' '} {source.line(number)[:140]}"
        for number in range(max(1, finding.start - AROUND), finding.end + AROUND + 1)
    ]
    place = f"{finding.path}:{finding.start}"
    head = f"--- {name} {finding.id} {finding.rule} {place} [{finding.severity} {finding.confidence}]"
    return "\n".join([head, finding.message.partition(". ")[0], *lines])


def table(rows: list[Drawn]) -> tuple[str, bool]:
    """By detector, and whether one is under 0.9."""
    lines = ["| Detector | Judged | Right | Precision | Not judged |", "| --- | --- | --- | --- | --- |"]
    missed = False
    for rule in sorted({each.finding.rule for each in rows}):
        mine = [each for each in rows if each.finding.rule == rule]
        judged = [each for each in mine if each.label is not None]
        right = sum(bool(each.label) for each in judged)
        share = right / len(judged) if judged else 1.0
        missed |= share < 0.9
        said = f"{share:.2f}" if judged else ""
        lines.append(f"| {rule} | {len(judged)} | {right} | {said} | {len(mine) - len(judged)} |")
    judged = [each for each in rows if each.label is not None]
    right = sum(bool(each.label) for each in judged)
    said = f"{right / len(judged):.2f}" if judged else ""
    lines.append(f"| all together | {len(judged)} | {right} | {said} | {len(rows) - len(judged)} |")
    return "\n".join(lines), missed

"""The table of labels: what each job sets is in it, what starts a run is what the workflows listen to."""

import re
from pathlib import Path

from factory.forge.labels import LABELS, TRIGGERS, label
from scripts.workflow_files import workflows

ROOT = Path(__file__).parent.parent.parent


def test_every_label_that_the_code_names_is_in_the_table() -> None:
    named = set()
    for path in (ROOT / "factory").rglob("*.py"):
        named |= set(re.findall(r'"((?:factory|agent):[a-z-]+)"', path.read_text(encoding="utf-8")))
    assert named == {each.name for each in LABELS}
    assert label("factory:draft").color == "ededed"
    assert len({each.name for each in LABELS}) == len(LABELS)


def test_the_workflows_filter_by_the_labels_that_start_something() -> None:
    text = " ".join(str(body["jobs"]["gate"].get("if", "")) for body in workflows().values() if "gate" in body["jobs"])
    assert set(re.findall(r"agent:[a-z]+", text)) == set(TRIGGERS)

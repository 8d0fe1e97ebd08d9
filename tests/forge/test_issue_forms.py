"""TRG-03: templates that would set a trigger label for an outsider."""

from pathlib import Path

import pytest

from factory.forge.issue_forms import lint, sets

TRIGGERS = ("agent:swarm", "agent:local")


@pytest.mark.parametrize(
    "text",
    [
        "name: Bug\nlabels: [bug, agent:swarm]\nbody: []\n",
        'name: Bug\nlabels: ["bug", "agent:swarm"]\n',
        "name: Bug\nlabels:\n  - bug\n  - agent:swarm  # start at once\nbody:\n  - type: input\n",
        "name: Bug\nlabels:\n- 'agent:swarm'\n",
        "---\nname: Bug\nlabels: bug, agent:swarm\n---\n\nText\n",
        "labels: AGENT:Swarm\n",
        '"labels": [\n  bug,\n  agent:swarm\n]\n',
    ],
)
def test_trg_03_a_template_that_sets_a_trigger_label_is_found(text: str) -> None:
    """TRG-03"""
    assert sets(text, TRIGGERS) == ("agent:swarm",)


@pytest.mark.parametrize(
    "text",
    [
        "name: Bug\nlabels: [bug]\nbody:\n  - type: markdown\n    attributes:\n      value: set agent:swarm\n",
        "labels: [agent:swarms, not-agent:swarm]\n",
        "labels: []  # agent:swarm comes later\n",
        "name: agent:swarm\n",
        "",
    ],
)
def test_others_are_not(text: str) -> None:
    assert sets(text, TRIGGERS) == ()


def test_all_templates_of_a_repository_are_read(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "ISSUE_TEMPLATE"
    folder.mkdir(parents=True)
    (folder / "bug.yml").write_text("labels: [agent:swarm]\n")
    (folder / "feature.md").write_text("---\nlabels: agent:local\n---\n")
    (folder / "config.yml").write_text("blank_issues_enabled: false\n")
    (tmp_path / "ISSUE_TEMPLATE.md").write_bytes(b"labels: \xff agent:local\n")
    found = lint(tmp_path)
    assert len(found) == 2
    assert found[0].startswith(".github/ISSUE_TEMPLATE/bug.yml sets the label agent:swarm")
    assert lint(tmp_path / "nowhere") == ()

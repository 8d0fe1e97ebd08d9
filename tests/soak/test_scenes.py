"""No job of a workflow is left out of the kill matrix: a new one needs a scene."""

import re
from pathlib import Path

from factory.cli.job import COMMANDS


def test_crs_02_every_job_has_a_scene() -> None:
    """Their effects are in the matrix by themselves; that a job is played at all is checked here."""
    texts = [path.read_text() for path in Path(__file__).parent.glob("scenes*.py")]
    played = {name for text in texts for name in re.findall(r'Command\("(\w+)"', text)}
    assert set(COMMANDS) == played

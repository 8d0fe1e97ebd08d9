"""collect: what is said when a wave wrote nothing."""

from pathlib import Path

import pytest

from tests.line.targets import factory, repository


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.js": "let x = 1\n"}, "There is no Python here, and this task mends nothing else."),
        ({"a.py": "x = 1\n"}, "The code is as it should be already"),
    ],
)
def test_a_tidy_calls_only_code_that_it_reads_well(tmp_path: Path, files: dict[str, str | bytes], said: str) -> None:
    repo = repository(tmp_path / "repo", files)
    done = factory(tmp_path / "state", "run", "--repo", repo, "--task", "tidy", "--json")
    assert done.returncode == 0, done.stderr
    assert said in done.stdout + done.stderr

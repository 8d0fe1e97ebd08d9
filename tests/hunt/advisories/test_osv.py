"""OSV databases."""

import json
import zipfile
from pathlib import Path

import pytest

from factory.hunt.advisories.osv import AdvisoryProblem, advisories, concerns, mended_in
from factory.hunt.advisories.pins import Pin

KEY = ("PyPI", "kit")


def record(**more: object) -> dict[str, object]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    return {"id": "T-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "Kit"}, "ranges": ranges}], **more}


def test_a_zip_and_a_folder_say_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "osv" / "PyPI"
    folder.mkdir(parents=True)
    (folder / "T-1.json").write_text(json.dumps(record()))
    (folder / "broken.json").write_text('{"name": "kit", ')
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(folder / "T-1.json", "T-1.json")
        archive.writestr("../../x.json", '{"id": "T-2", "affected": [{"package": {"name": "kit"}}]}')
    assert advisories(tmp_path / "osv", {KEY}) == advisories(tmp_path / "all.zip", {KEY})
    assert [one.id for one in advisories(tmp_path / "all.zip", {KEY})[KEY]] == ["T-1"]


def test_ranges_are_read_in_the_order_of_versions(tmp_path: Path) -> None:
    events = [{"fixed": "1.5"}, {"introduced": "3.0"}, {"introduced": "1.0"}, {"last_affected": "3.2"}]
    affected = [{"package": {"ecosystem": "PyPI", "name": "kit"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    (tmp_path / "a.json").write_text(json.dumps(record(affected=affected)))
    (one,) = advisories(tmp_path, {KEY})[KEY]
    said = {
        text: concerns(one, Pin("PyPI", "kit", text, 1))
        for text in ("0.9", "1.0", "1.4", "1.5", "2", "3.0", "3.2", "3.3")
    }
    assert [text for text, hit in said.items() if hit] == ["1.0", "1.4", "3.0", "3.2"]
    assert mended_in(one, Pin("PyPI", "kit", "1.2", 1)) == "1.5"


def test_a_range_of_git_commits_says_nothing_about_versions(tmp_path: Path) -> None:
    affected = [
        {"package": {"ecosystem": "PyPI", "name": "kit"}, "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}
    ]
    (tmp_path / "a.json").write_text(json.dumps(record(affected=affected)))
    (one,) = advisories(tmp_path, {KEY})[KEY]
    assert not concerns(one, Pin("PyPI", "kit", "1.0", 1))


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AdvisoryProblem):
        advisories(tmp_path / "none.zip", {KEY})

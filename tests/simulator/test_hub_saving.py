"""The GitHub double's state written to its folder and gone on with."""

from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.simulator.hub import runs
from factory.simulator.hub.saving import FILE, PARTS, restore, save
from factory.simulator.hub.serve import serve
from factory.simulator.hub.state import Hub
from tests.simulator.hubs import world


def test_everything_is_there_again(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        token = w.hub.token("wanda")
        number = w.pull(token)
        issue = w.remote(token).create_issue("x", labels=["bug"])
        issue.create_comment("hello").create_reaction("eyes")
        w.repo.protected.add("main")
        run = runs.start_run(w.hub, w.repo, ".github/workflows/ci.yml", event="push")
        runs.add_artifact(w.hub, run, "bundle", b"\x00zip")
        save(w.hub)
        again = Hub(w.hub.folder, now=w.hub.epoch)
        assert restore(again)
        assert {name: getattr(again, name) for name in PARTS} == {name: getattr(w.hub, name) for name in PARTS}
        with serve(again) as served:
            path = f"{served.url}/repos/octo/shop/pulls/{number}"
            found = w.clients[0].get(path, headers={"Authorization": f"Bearer {token}"}).json()
            assert (found["title"], found["changed_files"]) == ("T", 1)
        assert again.next_id() == w.hub.next_id()


def test_nothing_saved_and_something_else(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    assert not restore(hub)
    for text in ("{", "{}", '{"users": {"@": "Popen", "args": ["true"]}}', "[]"):
        (tmp_path / FILE).write_text(text)
        with pytest.raises(UsageProblem):
            restore(hub)

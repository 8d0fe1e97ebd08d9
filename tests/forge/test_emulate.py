"""The same paths against somebody else's reading of the API: npm `emulate`, where it has them.

It has no reactions, dispatches, inline comments, diffs or git over HTTP, and its `permission` says push where GitHub's
description has write.
"""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from factory.contracts.errors import HubMissing
from factory.contracts.hub import Annotation
from factory.forge.connect import connect
from factory.forge.effects import Effects
from factory.forge.github import GitHub
from factory.forge.markers import Markers
from tests.forge.answering import REPO, TestClock
from tests.forge.world import HEAD, RUN

pytestmark = pytest.mark.network
VERSION = "0.8.0"  # the last for Node 20
SEED = {
    "tokens": {who: {"login": who, "scopes": ["repo", "user"]} for who in ("acme", "ann", "eve")},
    "github": {
        "users": [{"login": who, "name": who, "email": f"{who}@example.com"} for who in ("acme", "ann", "eve")],
        "repos": [{"owner": "acme", "name": "shop", "auto_init": True}],
    },
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, "node is not installed: this test needs Node 20"
    assert npm, "npm is not installed: this test fetches `emulate` with it"
    folder = tmp_path_factory.mktemp("emulate")
    subprocess.run([npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", f"emulate@{VERSION}"],
                   cwd=folder, check=True, capture_output=True)  # fmt: skip
    (folder / "seed.json").write_text(json.dumps(SEED))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = folder / "node_modules" / "emulate" / "dist" / "index.js"
    command = [node, str(script), "--service", "github", "--port", str(port), "--seed", str(folder / "seed.json")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as server:
        try:
            yield _answers(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()


def _answers(url: str) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{url}/rate_limit", timeout=5):
                return url
        except OSError:
            time.sleep(0.1)
    raise AssertionError("emulate does not start")


def raw(url: str, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = json.dumps(body).encode() if body else None
    headers = {"Authorization": "Bearer acme", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}{path}", data, headers, method=verb)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def hub(url: str, who: str = "ann") -> GitHub:
    return connect(REPO, url, {"GITHUB_TOKEN": who}, TestClock())


def effects(url: str, run: str = RUN, who: str = "ann") -> Effects:
    return Effects(hub(url, who), Markers("k" * 32, REPO), TestClock(), run)


@pytest.fixture(scope="module", autouse=True)
def issue(url: str) -> int:
    where = f"{url}/repos/{REPO}/collaborators/ann"
    headers = {"Authorization": "Bearer acme"}
    request = urllib.request.Request(where, b'{"permission": "push"}', headers, method="PUT")
    urllib.request.urlopen(request, timeout=10).close()
    return hub(url, "eve").create_issue("Broken", "It does not work.").number


def test_access(url: str) -> None:
    assert hub(url).own_login() == "ann"
    assert hub(url).default_branch() == "main"
    assert len(hub(url).head("main")) == 40
    assert hub(url).head("none") == ""
    assert hub(url).standing("acme").role == "admin"


def test_the_status_comment_is_one(url: str, issue: int) -> None:
    first = effects(url).status(issue, "Working")
    assert effects(url).status(issue, "Done", last=True) == first
    mine = [comment for comment in hub(url).comments(issue) if comment.author.login == "ann"]
    assert [comment.body.split("\n")[0] for comment in mine] == ["Done"]
    with pytest.raises(HubMissing):
        hub(url).issue(999)


def test_pages(url: str) -> None:
    number = hub(url, "eve").create_issue("Talk", "x").number
    for n in range(205):
        raw(url, "POST", f"/repos/{REPO}/issues/{number}/comments", {"body": f"comment {n}"})
    assert [comment.body for comment in hub(url).comments(number)] == [f"comment {n}" for n in range(205)]


def test_tracking_issue_and_labels(url: str, issue: int) -> None:
    hub(url).ensure_label("factory", "00ff00", "ours")
    hub(url).ensure_label("factory", "00ff00", "ours")
    first = effects(url).tracking("Plan", "- [ ] u1", ("factory",))
    assert effects(url).tracking("Plan", "- [x] u1", ("factory",)).number == first.number
    assert hub(url).issue(first.number).body.startswith("- [x] u1")
    effects(url).label(issue, "factory")
    assert "factory" in hub(url).labels_of(issue)
    effects(url).unlabel(issue, "factory")
    effects(url).unlabel(issue, "factory")
    assert "factory" not in hub(url).labels_of(issue)


def test_pull_request_review_and_check_run(url: str) -> None:
    base = hub(url).head("main")
    tree = raw(url, "POST", f"/repos/{REPO}/git/trees", {
        "tree": [{"path": "a.py", "mode": "100644", "type": "blob", "content": "x = 2\n"}],
    })["sha"]  # fmt: skip
    change = {"message": "change", "tree": tree, "parents": [base]}
    commit = raw(url, "POST", f"/repos/{REPO}/git/commits", change)["sha"]
    raw(url, "POST", f"/repos/{REPO}/git/refs", {"ref": f"refs/heads/{HEAD}", "sha": commit})
    first = effects(url).pull("Fix", "text", HEAD, "main", draft=True)
    again = effects(url).pull("Fix it", "more", HEAD, "main", draft=True)
    assert (again.number, again.title, again.head_sha) == (first.number, "Fix it", commit)
    for _ in range(2):
        effects(url).review(first.number, commit, "hydra", "Nothing found", ())
    assert [review.state for review in hub(url).reviews(first.number)] == ["COMMENTED"]
    note = Annotation(path="a.py", start=1, end=1, level="warning", title="t", message="m")
    made = {effects(url).check("factory", commit, RUN, "neutral", "Review", "one", (note,)) for _ in range(2)}
    assert len(made) == 1

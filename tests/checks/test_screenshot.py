"""What is believed of a look at a page: the sandbox's answer is a stranger's, whatever stands in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from factory.checks.bench import Bench
from factory.checks.screenshot import screenshot
from factory.contracts.errors import Stopped
from factory.contracts.record import digest
from factory.contracts.sandbox import Install, Installed, Job, JobResult
from factory.contracts.screen import Seen, View
from factory.contracts.tables import CheckSettings
from factory.files import BlobFolder
from factory.sandbox.browser import ABSENT, NO_BROWSER, browser
from tests.desk.test_screenshot_tool import png
from tests.desk.workshop import repository
from tests.llm.bench import MemoryScope

FACTS = {"problem": "", "title": "Shop", "wide": 320, "high": 240, "console": [], "requests": [], "notes": [],
         "outline": 'heading "Cart"'}  # fmt: skip


class Answering:
    """A sandbox that gives one answer and keeps the jobs."""

    def __init__(self, kind: str = "bubblewrap (user)", **answer: Any) -> None:
        self.kind, self.jobs = kind, list[Job]()
        self.answer = JobResult.model_validate(
            {"status": "exited", "exit_code": 0, "seconds": 1, "output": "", **answer}
        )

    def run(self, job: Job) -> JobResult:
        self.jobs.append(job)
        return self.answer

    def install(self, install: Install) -> Installed:
        raise AssertionError("nothing is installed for a file")

    def describe(self) -> str:
        return self.kind

    def weaker(self) -> tuple[str, ...]:
        return ()


def looked(folder: Path, sandbox: Answering, scope: MemoryScope | None = None, **view: Any) -> Seen:
    store, tree = repository(folder / "repository", {"web/a.html": "<h1>Cart</h1>"})
    bench = Bench(trees=store, sandbox=sandbox, blobs=BlobFolder(folder / "b"), settings=CheckSettings(), when="")
    wanted = View.model_validate({"tree": tree, "page": "web/a.html", "width": 320, "height": 240, **view})
    return screenshot(bench, BlobFolder(folder / "kept"), wanted, scope or MemoryScope())


def files(facts: Any = FACTS, picture: bytes = b"") -> dict[str, bytes]:
    made = {"page.json": facts if isinstance(facts, bytes) else json.dumps(facts).encode()}
    return {**made, "page.png": picture} if picture else made


def test_the_picture_is_kept_by_its_digest_and_the_step_holds_no_pixels(tmp_path: Path) -> None:
    scope, sandbox = MemoryScope(), Answering(files=files(picture=png(320, 240)))
    seen = looked(tmp_path, sandbox, scope, hidden=(".env",))
    assert seen.picture
    assert (seen.title, seen.picture.of, seen.picture.width, seen.picture.height) == ("Shop", "web/a.html", 320, 240)
    assert BlobFolder(tmp_path / "kept").get(seen.picture.sha256) == png(320, 240)
    assert seen.picture.sha256 == digest(png(320, 240))
    assert [(kind, len(output) < 1000) for kind, _, output in scope.steps] == [("screenshot", True)]
    (job,) = sandbox.jobs
    assert (job.absent, job.deps, job.limits.seconds) == ((".env",), "", 75.0)
    again = looked(tmp_path / "again", Answering(status="killed"), MemoryScope(scope.steps), hidden=(".env",))
    assert again == seen, "a finished step is answered from the journal"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"status": "timeout", "exit_code": 124}, "it took longer than 75 seconds and was ended"),
        ({"status": "oom", "exit_code": 137}, "it needed more memory than the sandbox gives"),
        ({"status": "enospc"}, "it filled the sandbox's disk"),
        ({"status": "killed"}, "it was killed: it went over a limit of the sandbox"),
        ({"exit_code": NO_BROWSER}, ABSENT),
        ({"exit_code": 1, "output": "Traceback\nBoom"}, "told nothing that can be read (exit code 1): Traceback Boom"),
        ({"files": files(b"\xff")}, "told nothing that can be read"),
        ({"files": files(b"[]")}, "told nothing that can be read"),
        ({"files": files({**FACTS, "more": 1})}, "told nothing that can be read"),
        ({"files": files({**FACTS, "outline": "x" * 300_000})}, "told nothing that can be read"),
        ({"files": files({**FACTS, "console": ["x"] * 1_000})}, "told nothing that can be read"),
        ({"files": files({**FACTS, "high": -1})}, "told nothing that can be read"),
        ({"kind": "none"}, "pages are looked at in the sandbox only, and this run has none"),
    ],
)
def test_what_went_wrong_is_one_sentence(tmp_path: Path, answer: Any, problem: str) -> None:
    seen = looked(tmp_path, Answering(**answer))
    assert problem in seen.problem
    assert seen.picture is None


def test_a_forged_picture_is_thrown_away_and_the_words_stay(tmp_path: Path) -> None:
    seen = looked(tmp_path, Answering(files=files(picture=png(60_000, 60_000, rows=1))))
    assert (seen.picture, seen.title) == (None, "Shop")
    assert seen.notes == ("the picture is no plain PNG and was thrown away",)
    assert not (tmp_path / "kept").exists()


def test_a_run_whose_checks_had_their_time_looks_at_nothing(tmp_path: Path) -> None:
    def enough(run: str) -> None:
        raise Stopped("budget", "The checks had their time.")

    store, tree = repository(tmp_path, {"a.html": ""})
    sandbox = Answering()
    bench = Bench(trees=store, sandbox=sandbox, blobs=BlobFolder(tmp_path), settings=CheckSettings(), when="",
                  admit=enough)  # fmt: skip
    with pytest.raises(Stopped, match="had their time"):
        screenshot(bench, BlobFolder(tmp_path), View(tree=tree, page="a.html", width=320, height=240), MemoryScope())
    assert sandbox.jobs == []


def test_a_snap_and_the_script_that_stands_for_one_are_no_browser(tmp_path: Path) -> None:
    names = []
    for name, text in (("script", "#!/bin/sh\nexec /snap/bin/chromium\n"), ("snap/chromium", ""), ("opt/chrome", "")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        names.append(str(path))
    assert browser(names) == names[2]
    assert browser(names[:2]) == browser(["no-such-program"]) == ""

"""A page of a tree, looked at by headless Chromium in the sandbox: what the tool `screenshot` answers with.

The page is served from loopback inside; there is no network, and the tree is a copy that nobody keeps. What comes out
was made next to hostile code: every part is checked and cut, and the picture is made anew (picture.py).
"""

import json

from factory.checks.bench import Bench, Errand
from factory.checks.environment import environment_of, install_all
from factory.checks.execute import ENV
from factory.checks.inside import script
from factory.checks.kinds.command import shell
from factory.checks.picture import plain_png
from factory.checks.source import Source
from factory.contracts.model import Picture
from factory.contracts.record import Field, Json, Record, ValidationError
from factory.contracts.sandbox import Job, JobResult
from factory.contracts.screen import PageServer, Seen, View
from factory.contracts.seams import Blobs, Scope
from factory.sandbox.browser import ABSENT, LOOK, NO_BROWSER

SECONDS = 75.0  # all of it, without the start of a server
ENDS = {
    "timeout": "it took longer than {seconds:g} seconds and was ended",
    "oom": "it needed more memory than the sandbox gives",
    "enospc": "it filled the sandbox's disk",
    "killed": "it was killed: it went over a limit of the sandbox",
}


class _Told(Record):
    """page.json, with room for what `look` writes and no more."""

    problem: str = Field(default="", max_length=2_000)
    title: str = Field(default="", max_length=300)
    wide: int = Field(default=0, ge=0, le=10**9)
    high: int = Field(default=0, ge=0, le=10**9)
    console: tuple[str, ...] = Field(default=(), max_length=40)
    requests: tuple[str, ...] = Field(default=(), max_length=40)
    notes: tuple[str, ...] = Field(default=(), max_length=40)
    outline: str = Field(default="", max_length=200_000)


def screenshot(bench: Bench, pictures: Blobs, view: View, scope: Scope) -> Seen:
    """One step of the journal. Pictures are kept in `pictures`; the step holds their digest.

    Raises Stopped('budget') when the run's checks have had their time, SandboxProblem.
    """

    def work() -> Seen:
        bench.admit(scope.place[0])
        if bench.sandbox.describe() == "none":
            return Seen(problem="pages are looked at in the sandbox only, and this run has none")
        job, notes = _job(bench, view)
        result = bench.sandbox.run(job)
        return _seen(result, job.limits.seconds, view, notes, pictures)

    return scope.step("screenshot", view, work, Seen)


def _job(bench: Bench, view: View) -> tuple[Job, tuple[str, ...]]:
    server = view.server or PageServer(command="-", port=1024)
    plan = {"page": view.page, "command": server.command if view.server else "", "port": server.port,
            "start_s": server.start_s, "width": view.width, "height": view.height, "full_page": view.full_page,
            "picture": view.picture}  # fmt: skip
    words: tuple[str, ...] = (*LOOK, json.dumps(plan))
    deps, notes = "", tuple[str, ...]()
    if view.server:
        words, deps, notes = _as_its_tests(bench, view, words)
    seconds = min(bench.settings.limits.seconds, SECONDS) + (server.start_s if view.server else 0)
    job = Job(tree=view.tree, command=words, env=ENV, limits=bench.settings.limits.but(seconds=seconds), deps=deps,
              absent=view.hidden)  # fmt: skip
    return job, notes


def _as_its_tests(bench: Bench, view: View, words: tuple[str, ...]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """The command as tests are run: with the project's dependencies. (command, environment, what to know)."""
    source = Source(bench.trees, view.tree)
    suite = shell(source, "page server", view.server.command if view.server else "")
    needed = environment_of(bench, Errand(suite, source, source))
    ready, notes = install_all(bench, [needed])
    plan = {"folder": suite.folder, "argv": words, "env": suite.env, "editable": suite.editable,
            "python": suite.group == "python", "reports": ()}  # fmt: skip
    command = ("python3", "-I", "-c", script("suite"), json.dumps(plan))
    return command, ready.get(needed.setup.key, "") if needed else "", notes


def _seen(result: JobResult, seconds: float, view: View, notes: tuple[str, ...], pictures: Blobs) -> Seen:
    if result.status != "exited":
        return Seen(problem=ENDS[result.status].format(seconds=seconds), notes=notes)
    if result.exit_code == NO_BROWSER:
        return Seen(problem=ABSENT)
    facts = _facts(result)
    picture, noted = _kept(result.files.get("page.png", b""), view.page, pictures)
    return Seen(**facts, picture=picture).but(notes=(*notes, *facts.get("notes", ()), *noted))


def _facts(result: JobResult) -> Json:
    try:
        return _Told.from_json(result.files.get("page.json", b"")).model_dump()
    except ValidationError:
        words = " ".join(result.output.split())[-400:]
        return {"problem": f"the browser told nothing that can be read (exit code {result.exit_code}): {words}"}


def _kept(data: bytes, page: str, pictures: Blobs) -> tuple[Picture | None, tuple[str, ...]]:
    if not data:
        return None, ()
    found = plain_png(data)
    if found is None:
        return None, ("the picture is no plain PNG and was thrown away",)
    png, width, height = found
    return Picture(of=page, sha256=pictures.put(png), bytes=len(png), width=width, height=height), ()

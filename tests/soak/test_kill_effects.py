"""SIGKILL before, inside and after every effect that jobs have on GitHub; the same job again; the same end.

The matrix is what an undisturbed run asks GitHub to do, so a new effect is covered by itself.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.jobs.handed import FILES
from tests.jobs.place import Place, place
from tests.jobs.test_again import seen
from tests.line.targets import git, repository
from tests.soak import scenes, scenes_night, scenes_people
from tests.soak.deaths import MOMENTS, Deaths, Moment
from tests.soak.ends import of_all, of_task, two_days_later
from tests.soak.processes import DONE, KILLED, RED, Command, SharedClock, ended, here, start
from tests.soak.scenes import Job, Scene

SCENES = {**scenes.SCENES, **scenes_people.SCENES, **scenes_night.SCENES}
pytestmark = pytest.mark.kill
MOST = 4  # attempts
EVERY = bool(os.environ.get("KILL_ALL"))


class World:
    """One scene on a double of its own, with one death to come in the command of this ordinal number."""

    def __init__(self, folder: Path, make: Callable[[Place], Scene], deaths: Deaths, dying: int = 0) -> None:
        self.clock, self.deaths, self.dying = SharedClock(), deaths, dying
        self.attempt, self.commands = 1, 0
        self.of: list[int] = []  # per effect the ordinal number of its command
        with place(folder, the_same, self.clock, deaths) as here:
            self.hub = here.hub
            scene = make(here)
            with contextlib.closing(scene):
                for n, job in enumerate(scene.jobs):
                    self._insist(job)
                    if n + 1 == scene.known:
                        self.known = len(self.of)
            self._settled(here, scene)
            assert here.hub.violations == []

    known = 0  # effects that another scene has shown

    def _insist(self, job: Job) -> None:
        """`Re-run failed jobs` until it gets through: the job begins anew, on another machine."""
        while not all(self._lives(command) for command in job(self.attempt)):
            self.attempt += 1
            assert self.attempt <= MOST
            self.clock.sleep(60)

    def _settled(self, here: Place, scene: Scene) -> None:
        self.also = scene.also()
        self.left = f"{settled(here)}\n{self.also}"

    def _lives(self, command: Command) -> bool:
        """Only what is to die needs a process of its own."""
        self.commands += 1
        command = command.under(self.hub)
        self.deaths.expect(command.token)
        if self.commands != self.dying:
            here(command, self.clock)
            self.of += [self.commands] * (len(self.deaths.effects) - len(self.of))
            return True
        process = start(command, self.clock)
        self.deaths.watch(command.token, process)
        status = ended(process)
        self.deaths.over(command.token)
        assert status in (DONE, RED, KILLED), command.log.read_text()[-3000:]
        return status != KILLED


def the_same(folder: Path) -> Path:
    """A repository whose commit is the same in every world."""
    made = repository(folder, FILES)
    when = {"GIT_COMMITTER_NAME": "T", "GIT_COMMITTER_EMAIL": "t@t", "GIT_COMMITTER_DATE": "2026-11-20T10:00:00Z"}
    command = ["git", "commit", "-q", "--amend", "--no-edit", "--date=2026-11-20T10:00:00Z"]
    subprocess.run(command, cwd=made, env={**os.environ, **when}, check=True)
    return made


def settled(here: Place) -> str:
    """What is there in the end, without what differs from world to world.

    The first word of a person's review, a red check or a closing is two numbers, which its gate looks up: it may be
    dispatched again."""
    text = re.sub(r'("factory-feedback")(,\s+"factory-feedback")+', r"\1", seen(here))
    text = re.sub(r"The bundle is \w+|for \d+ minutes", "…", f"{text}\n{memory(here)}")
    return re.sub(r"\b[0-9a-f]{40}\b|kind=review-\S+ mac=\w+", "…", text)


def memory(here: Place) -> str:
    """The lines of what was learned, without times."""
    refs = git(here.repo.folder, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    if "factory-memory" not in refs:
        return ""
    names = git(here.repo.folder, "ls-tree", "--name-only", "factory-memory").split()
    text = "\n".join(git(here.repo.folder, "show", f"factory-memory:{name}") for name in names)
    return re.sub(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.0-9]*Z?|"id": "\w+"', "…", text)


@cache
def undisturbed(scene: str) -> World:
    with TemporaryDirectory() as folder:
        return World(Path(folder), SCENES[scene], Deaths())


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("scene", SCENES)
def test_crs_02_killed_at_any_effect_and_run_again(tmp_path: Path, scene: str, moment: Moment) -> None:
    """CRS-02: between an effect and its checkpoint, for every effect of the scene: exactly one effect exists.

    A hosted job keeps nothing on its machine, so after one effect is before the next one of the same command: `after`
    is played for the last ones (`KILL_ALL=1`: for all).
    """
    whole = undisturbed(scene)
    assert whole.deaths.effects, "a scene without effects shows nothing"
    wrong = []
    for n, effect in list(enumerate(whole.deaths.effects, start=1))[whole.known :]:
        if moment == "after" and not EVERY and whole.of[n - 1 : n + 1] == [whole.of[n - 1]] * 2:
            continue
        found = World(tmp_path / str(n), SCENES[scene], Deaths(n, moment), whole.of[n - 1])
        assert found.deaths.struck_at, f"effect {n} of {scene} never came"
        if found.left != whole.left:
            wrong.append((n, effect, different(whole.left, found.left)))
    assert not wrong, "\n\n".join(f"killed {moment} effect {n}, {effect}:\n{rows}" for n, effect, rows in wrong)


class Alone(World):
    """Nobody runs a job again."""

    def _insist(self, job: Job) -> None:
        self.dead = self.dead or not all(self._lives(command) for command in job(1))

    def _settled(self, here: Place, scene: Scene) -> None:
        two_days_later(here, self.clock)
        self.wrong = of_task(here, 1) + of_all(here)

    dead = False


def test_crs_02_killed_and_left_alone_by_everybody(tmp_path: Path) -> None:
    """The watchdog gives the lease back and says the end; what there is is there once. A branch may be left over."""
    whole = undisturbed("swarm")
    for n, effect in enumerate(whole.deaths.effects, start=1):
        found = Alone(tmp_path / str(n), SCENES["swarm"], Deaths(n, "inside"), whole.of[n - 1])
        assert (found.dead, found.wrong) == (True, []), f"killed inside effect {n}, {effect}"


@pytest.mark.parametrize("moment", MOMENTS)
def test_another_workflow_is_started_at_most_once_and_said_whatever_became_of_it(
    tmp_path: Path, moment: Moment
) -> None:
    """CRS-02, where nothing can be looked up: GitHub does not say which workflow run a start has led to, so the books
    have it before, and a start that may have been lost is said and not made again."""
    whole = World(tmp_path / "whole", scenes_people.triggered, Deaths())
    assert whole.also == (1, 1)
    for n, effect in enumerate(whole.deaths.effects, start=1):
        found = World(tmp_path / str(n), scenes_people.triggered, Deaths(n, moment), whole.of[n - 1])
        assert found.also in ((1, 1), (0, 1)), f"killed {moment} effect {n}, {effect}: {found.also}"
        assert found.deaths.struck_at


def different(wanted: str, found: str) -> str:
    """The first lines that differ, around the place where they do."""
    rows = []
    for line, other in zip(wanted.splitlines(), found.splitlines(), strict=False):
        if line != other:
            at = next((n for n, (a, b) in enumerate(zip(line, other, strict=False)) if a != b), 0)
            rows.append(f"- {line[max(at - 60, 0) : at + 120]}\n+ {other[max(at - 60, 0) : at + 120]}")
    return "\n".join(rows[:6]) or f"{wanted.count(chr(10))} lines became {found.count(chr(10))}"

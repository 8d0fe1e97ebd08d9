"""A run's own view of the memory: it fails no run, and a desk's question is answered from the journal the next time."""

from dataclasses import replace
from pathlib import Path

from factory.contracts.memory import Lessons, Question, Recalled
from factory.contracts.memory_settings import MemorySettings
from factory.contracts.task import Pack
from factory.desk.withheld import permitted
from factory.memory.lines import written
from factory.memory.of_repository import MOST, RepositoryMemory
from tests.desk.workshop import Workshop
from tests.line.targets import repository
from tests.memory.facts import NOW, found, run_of


def of(tmp_path: Path, notes: list[str], **settings: object) -> RepositoryMemory:
    target = tmp_path / "r" if (tmp_path / "r").exists() else repository(tmp_path / "r", {"a.py": "x\n"})
    (tmp_path / "state").mkdir(exist_ok=True)
    return RepositoryMemory(tmp_path / "state", target, MemorySettings.model_validate(settings), lambda: NOW,
                            lambda event, facts: notes.append(f"{event}: {facts['text']}"))  # fmt: skip


def test_what_is_observed_is_recalled(tmp_path: Path) -> None:
    notes: list[str] = []
    memory = of(tmp_path, notes)
    assert memory.recall(Question(paths=("a.py",))) == Lessons()
    assert memory.observe("r1", lambda: [run_of("r1", "a.py"), found("r1", "a.py")]) == 2
    (lesson,) = memory.recall(Question(paths=("a.py",))).found
    assert (lesson.source, lesson.why) == ("run r1", "about a.py")
    assert notes == []


def test_switched_off_it_neither_keeps_nor_knows(tmp_path: Path) -> None:
    of(tmp_path, []).observe("r1", lambda: [run_of("r1", "a.py"), found("r1", "a.py")])
    off = of(tmp_path, [], enabled=False)
    assert off.recall(Question(paths=("a.py",))) == Lessons()
    assert off.observe("r2", lambda: [run_of("r2", "a.py")]) == 0


def test_a_broken_memory_is_said_and_knows_nothing(tmp_path: Path) -> None:
    notes: list[str] = []
    memory = of(tmp_path, notes)
    (tmp_path / "state" / "memory.db").write_text("this is no database " * 500)
    assert memory.recall(Question(paths=("a.py",))) == Lessons()
    assert memory.observe("r1", lambda: [run_of("r1", "a.py")]) == 0
    assert memory.take(tmp_path / "missing").startswith("the lessons of other machines were not read")
    assert all("memory_failed" in note for note in notes)
    assert len(notes) == 3


def test_a_lesson_about_a_file_that_is_withheld_is_withheld() -> None:
    lessons = tuple(
        Recalled(id=path, text=f"`{path}`", source="run r1", paths=(path,)) for path in ("a.py", "keys/b.py")
    )
    seen = permitted(Pack(tree="", lessons=lessons), lambda path: "denied" if path.startswith("keys/") else "")
    assert [lesson.id for lesson in seen.lessons] == ["a.py"]


def test_a_desk_s_question_is_a_step_of_the_journal(tmp_path: Path) -> None:
    asked: list[Question] = []

    def recall(question: Question) -> Lessons:
        asked.append(question)
        return Lessons(found=(Recalled(id="1", text="Totals are in cents.", source="run r1"),))

    desk = Workshop(tmp_path, ["x"]).desk()
    desk.tools = replace(desk.tools, recall=recall)
    assert desk.recall("what of totals") == ("Totals are in cents. (from run r1)",)
    assert asked == [Question(words=("what", "of", "totals"), symbols=("what", "totals"))]


def test_of_a_file_that_is_too_long_the_end_is_read(tmp_path: Path) -> None:
    """On the branch the newest month comes last."""
    file = tmp_path / "memory.jsonl"
    with file.open("wb") as handle:
        handle.truncate(MOST)
        handle.seek(0, 2)
        handle.write(("\n" + written(run_of("r1", "a.py"))).encode())
    assert of(tmp_path, []).take(file).startswith("1 new lines")

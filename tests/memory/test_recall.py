"""Recall: what fits the question, best first, within its tokens; the same question gets the same answer."""

from hypothesis import given
from hypothesis import strategies as st

from factory.contracts.memory import Lesson, Link, Question
from factory.contracts.memory_settings import MemorySettings
from factory.memory.recall import AROUND, estimate, recalled, words_of
from tests.memory.facts import NOW, REPO, day

SETTINGS = MemorySettings()


def lesson(name: str, *files: str, symbols: tuple[str, ...] = (), weight: float = 0.5, ago: float = 0,
           **facts: object) -> Lesson:  # fmt: skip
    links = (*(Link(kind="file", name=file) for file in files), *(Link(kind="symbol", name=each) for each in symbols))
    told = {
        "id": f"{name:0>16}", "repo": REPO, "kind": "finding", "text": f"Lesson {name}.", "source": "run r1",
        "made": day(ago), "seen": day(ago), "expires": day(-9), "weight": weight, "links": links, **facts,
    }  # fmt: skip
    return Lesson.model_validate(told)


def ids(lessons: list[Lesson], **facts: object) -> list[str]:
    question = Question.model_validate({"tokens": 1000, **facts})
    return [each.id.lstrip("0") for each in recalled(lessons, question, NOW, SETTINGS).found]


def test_a_file_or_a_symbol_of_the_question_comes_first_and_what_fits_nothing_not_at_all() -> None:
    lessons = [lesson("a", "src/cart.py"), lesson("b", "src/tax.py"), lesson("c", "docs/other.md", weight=1.9),
               lesson("d", "lib/x.py", symbols=("Cart.total",))]  # fmt: skip
    assert ids(lessons, paths=("src/cart.py",), symbols=("total",)) == ["a", "d", "b"]


def test_words_of_the_task_find_files_by_their_names() -> None:
    lessons = [lesson("a", "shop/checkout.py"), lesson("b", "shop/returns.py")]
    assert ids(lessons, words=("The", "checkoutPage", "breaks")) == ["a"]
    (found,) = recalled(lessons, Question(words=("checkout",)), NOW, SETTINGS).found
    assert (found.why, found.source) == ("words: checkout", "run r1")


def test_age_and_weight_decide_between_equal_matches_and_ids_between_equal_values() -> None:
    lessons = [lesson("c", "a.py", ago=90), lesson("b", "a.py"), lesson("a", "a.py"), lesson("d", "a.py", weight=0.9)]
    assert ids(lessons, paths=("a.py",)) == ["d", "a", "b", "c"]
    assert ids(lessons[::-1], paths=("a.py",)) == ["d", "a", "b", "c"]


def test_pending_rejected_and_dormant_ones_are_never_recalled() -> None:
    lessons = [
        lesson("a", "a.py", state="pending"),
        lesson("b", "a.py", state="rejected"),
        lesson("c", "a.py", ago=364),
    ]
    assert ids(lessons, paths=("a.py",)) == []


@given(st.integers(0, 400), st.lists(st.text(min_size=1, max_size=200), max_size=20))
def test_the_budget_holds(tokens: int, texts: list[str]) -> None:
    lessons = [lesson(f"{n:x}", "a.py", text=text or "x") for n, text in enumerate(texts)]
    found = recalled(lessons, Question(paths=("a.py",), tokens=tokens), NOW, SETTINGS).found
    used = sum(estimate(each.text) + estimate(each.source) + estimate(each.why) + AROUND for each in found)
    assert used <= tokens
    assert len(found) <= SETTINGS.most_shown


def test_words_are_taken_out_of_code_names() -> None:
    assert words_of("getUserName HTTPServer snake_case a.b x1") == {
        "get",
        "user",
        "name",
        "http",
        "server",
        "snake",
        "case",
    }

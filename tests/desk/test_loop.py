"""The tool loop: what is done, what is not, and how it ends."""

from pathlib import Path

import pytest

from factory.contracts.change import Change
from factory.contracts.errors import Stopped
from factory.contracts.model import Message, Reply, ToolCall
from tests.desk.workshop import EDIT, FACTS, FILES, PLACE, UNIT, Workshop, call, tool
from tests.llm.bench import MemoryScope

FINISH = tool("finish", summary="subtracts the discount")
READ = tool("read_file", path="shop/cart.py")


def work(shop: Workshop) -> Change:
    return shop.desk().work("backend/write", UNIT, shop.tree, **FACTS)


def results(shop: Workshop) -> list[Message]:
    """What the model was told, from the last request's history."""
    return [message for message in shop.model.asked[-1].messages[2:] if message.role != "assistant"]


@pytest.mark.parametrize("native", [True, False])
def test_read_edit_test_finish(tmp_path: Path, native: bool) -> None:
    answers: list[Reply | str] = [READ, EDIT, tool("run_tests", selection="tests/test_cart.py"), FINISH]
    if native:
        answers = [call("read_file", path="shop/cart.py"), EDIT, call("run_tests"), call("finish", summary="s")]
    shop = Workshop(tmp_path, answers, endpoint={"tools": native})
    change = work(shop)
    assert change.error == ""
    assert change.steps == 4
    assert change.notes == ()
    assert [file.path for file in change.files] == ["shop/cart.py"]
    tree = shop.store.overlay(shop.tree, change.files)
    assert [tested for tested, _ in shop.tests] == [tree], "the tests saw the edit"
    assert "return sum(cart)" in results(shop)[0].text
    assert results(shop)[0].role == ("tool" if native else "user")
    assert [bool(request.tools) for request in shop.model.asked] == [native] * 4


def test_both_forms_are_understood_whatever_was_offered(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [READ, f"{EDIT}\n{FINISH}"], endpoint={"tools": True})
    assert work(shop).steps == 2


def test_the_prefix_stays_byte_identical(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [READ, tool("search", pattern="total"), tool("list_files"), EDIT, FINISH])
    work(shop)
    first = shop.model.asked[0]
    for earlier, later in zip(shop.model.asked, shop.model.asked[1:], strict=False):
        assert later.messages[: len(earlier.messages)] == earlier.messages
        assert (later.tools, later.template_hash, later.temperature) == (first.tools, first.template_hash, 0.2)


def test_a_full_window_drops_tool_outputs_oldest_first_and_never_the_task(tmp_path: Path) -> None:
    files = {"shop/cart.py": "def total(cart):\n    return sum(cart)\n"}
    files |= {f"big{n}.txt": f"number {n} {'x' * 6000}\n" for n in range(12)}
    reads: list[Reply | str] = [tool("read_file", path=f"big{n}.txt") for n in range(12)]
    shop = Workshop(
        tmp_path, [*reads, EDIT, FINISH], files=files, endpoint={"context": 24_000, "max_output": 4000, "tools": False}
    )
    assert work(shop).error == ""
    first, last = shop.model.asked[0], shop.model.asked[-1]
    assert last.messages[:2] == first.messages[:2]
    told = [message.text for message in results(shop)]
    kept = [n for n in range(12) if f"number {n} " in told[n]]
    assert kept == list(range(kept[0], 12)), "only the oldest are gone"
    assert kept[0] > 0
    assert told[0] == "[output dropped: big0.txt, lines 1 to 1 of 1; read it again if you need it]"
    sent = {piece.path for piece in last.pieces}
    assert "big11.txt" in sent, "what a tool read out is counted as sent"
    assert "big0.txt" not in sent


def test_llm_04_a_cut_tool_call_is_not_executed(tmp_path: Path) -> None:
    half = Reply(text="", calls=(ToolCall(id="c1", name="run_tests", arguments='{"selection": "tes'),), model="m")
    shop = Workshop(tmp_path, [EDIT, half, tool("run_tests", selection="all"), FINISH])
    assert work(shop).error == ""
    assert [selection for _, selection in shop.tests] == ["all"]
    assert "not valid JSON" in results(shop)[1].text


@pytest.mark.parametrize(
    "cut",
    [
        Reply(text=EDIT + '<tool name="run_tests">{"selection": "half"}</tool>', finish="length"),
        Reply(text='<tool name="run_tests">{"selection": "half"}'),
        Reply(text='<tool name="run_tests">{"selection": "half"}</tool>\n' + EDIT[:60]),
    ],
)
def test_llm_04_nothing_of_a_cut_answer_is_executed(tmp_path: Path, cut: Reply) -> None:
    shop = Workshop(tmp_path, [cut, EDIT, FINISH])
    change = work(shop)
    assert shop.tests == []
    assert [file.path for file in change.files] == ["shop/cart.py"]


def test_after_a_failed_edit_nothing_else_of_the_answer_runs(tmp_path: Path) -> None:
    wrong = EDIT.replace("def total(cart):\n    return", "def nothing_like_it():\n    yield")
    shop = Workshop(tmp_path, [f"{wrong}\n{tool('run_tests')}\n{FINISH}", EDIT, FINISH])
    assert work(shop).steps == 3
    assert shop.tests == []
    assert "nothing was applied" in results(shop)[0].text


def test_tools_inside_an_edit_are_text(tmp_path: Path) -> None:
    page = f"### write shop/discount.py\n<<<<<<< CONTENT\n# {FINISH}\n# {tool('run_tests')}\n>>>>>>> END\n"
    shop = Workshop(tmp_path, [page, tool("run_tests"), FINISH])
    change = work(shop)
    assert len(shop.tests) == 1
    tree = shop.store.overlay(shop.tree, change.files)
    assert FINISH in shop.text(tree, "shop/discount.py")


def test_finish_without_a_change_is_not_the_end(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [FINISH, EDIT, FINISH])
    assert work(shop).steps == 3
    assert "nothing is changed yet" in results(shop)[0].text


def test_an_edit_outside_the_lease_is_refused_by_name(tmp_path: Path) -> None:
    other = "### write README.md\n<<<<<<< CONTENT\n# Mine\n>>>>>>> END\n"
    shop = Workshop(tmp_path, [other, EDIT, FINISH])
    assert [file.path for file in work(shop).files] == ["shop/cart.py"]
    assert "README.md is outside this unit's lease" in results(shop)[0].text


@pytest.mark.parametrize(
    ("answers", "line", "pace", "why"),
    [
        ([EDIT, *(tool("read_file", path="shop/cart.py", start=n) for n in range(9))], {"max_steps": 5}, 0, "5 steps"),
        ([EDIT, READ, tool("list_files"), tool("search", pattern="a")], {"loop_minutes": 1}, 8.0, "1 minutes"),
        ([EDIT, "Hm.", "Well.", "I wonder."], {"format_errors": 2}, 0, "2 unreadable answers in a row"),
        ([EDIT, tool("fly"), tool("read_file"), tool("read_file", path=3)], {}, 0, "3 unreadable answers in a row"),
        ([EDIT, READ, READ, READ, READ], {}, 0, "stuck (repeat)"),
        ([EDIT, READ, tool("list_files"), READ, tool("list_files"), READ, tool("list_files")], {}, 0, "alternation"),
        ([EDIT, "Hm.", "Well.", "So."], {"format_errors": 9}, 0, "stuck (monologue)"),
    ],
)  # fmt: skip
def test_a_cap_ends_the_loop_with_what_is_there(
    tmp_path: Path, answers: list[Reply | str], line: dict[str, object], pace: float, why: str
) -> None:
    change = work(Workshop(tmp_path, answers, pace=pace, **line))
    assert [file.path for file in change.files] == ["shop/cart.py"]
    assert change.error == ""
    assert "ended early" in change.notes[-1]
    assert why in change.notes[-1]


def test_the_money_cap(tmp_path: Path) -> None:
    dear = Reply(text=EDIT, model="m", usage={"input": 1000, "output": 1000})  # type: ignore[arg-type]  # validated
    shop = Workshop(tmp_path, [dear, FINISH], endpoint={"price_in": 10, "price_out": 10}, loop_usd="0.01")
    assert "$0.01" in work(shop).notes[-1]


def test_nothing_changed_is_an_error_with_its_reason(tmp_path: Path) -> None:
    change = work(Workshop(tmp_path, ["Hm.", "Well.", "I wonder."]))
    assert change.files == ()
    assert change.error == "nothing was changed: stopped after 3 unreadable answers in a row"


def test_one_warning_and_then_it_may_go_on(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [READ, READ, EDIT, FINISH])
    assert work(shop).notes == ()
    assert "same again" in results(shop)[1].text


def test_a_model_that_fails_after_an_edit_loses_nothing(tmp_path: Path) -> None:
    change = work(Workshop(tmp_path, [EDIT, ""]))
    assert [file.path for file in change.files] == ["shop/cart.py"]
    assert "no model gave a usable answer" in change.notes[-1]


def test_a_model_that_never_answers_stops_the_unit(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="empty"):
        work(Workshop(tmp_path, [""]))


def _heard(shop: Workshop, steps: int) -> int:
    return sum(kind == "exchange" for kind, _, _ in shop.scope.steps[:steps])


@pytest.mark.parametrize("killed_after", [1, 3, 5])
def test_resume_replays_the_finished_steps_and_goes_on(tmp_path: Path, killed_after: int) -> None:
    answers: list[Reply | str] = [READ, EDIT, tool("run_tests"), tool("list_files"), FINISH]
    whole = Workshop(tmp_path / "a", answers, pace=0.5)
    expected = work(whole)
    rest = Workshop(tmp_path / "b", answers[_heard(whole, killed_after) :], pace=0.25)
    rest.scope = MemoryScope(whole.scope.steps[:killed_after], place=PLACE)
    assert work(rest) == expected
    assert [step[:2] for step in rest.scope.steps] == [step[:2] for step in whole.scope.steps]


def test_a_reproduction_given_on_the_way_is_kept(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, [f"{EDIT}\n### reproduce\n```sh\npython -c 'import shop'\n```\n", FINISH])
    assert work(shop).reproduction == "python -c 'import shop'"


@pytest.mark.parametrize("path", ["/proc/self/environ", "../../.ssh/id_ed25519", "~/.netrc", "_work/../.runner"])
def test_pit_01_pit_02_a_hostile_model_gets_no_bytes_and_leaves_a_trail(tmp_path: Path, path: str) -> None:
    shop = Workshop(tmp_path, [tool("read_file", path=path), EDIT, FINISH])
    assert work(shop).error == ""
    told = results(shop)[0].text
    assert told.startswith("error: outside worktree")
    assert "\n" not in told
    assert [facts["path"] for event, facts in shop.notes if event == "path_denied"] == [path]


def test_a_small_window_gets_a_smaller_pack_and_still_works(tmp_path: Path) -> None:
    big = FILES | {"tests/test_cart.py": "# a line of a long test file\n" * 2000}
    shop = Workshop(tmp_path, [EDIT, FINISH], files=big, endpoint={"context": 8192, "max_output": 2048})
    assert work(shop).error == ""
    assert "the rest is left out" in shop.model.asked[0].messages[1].text


def test_nothing_in_a_request_depends_on_time_or_place(tmp_path: Path) -> None:
    answers: list[Reply | str] = [READ, tool("search", pattern="total"), EDIT, tool("run_tests"), tool("fly"), FINISH]
    one, other = Workshop(tmp_path / "a", answers, pace=0.1), Workshop(tmp_path / "b" / "c", answers, pace=0.7)
    assert work(one) == work(other)
    assert one.model.asked == other.model.asked
    assert str(tmp_path) not in "".join(request.to_json() for request in one.model.asked)

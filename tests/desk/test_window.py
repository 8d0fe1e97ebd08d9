"""The history: who says what, and what goes when it gets too long."""

from factory.contracts.model import Reply, ToolCall
from factory.desk.window import PREFIX, ROOM, History, Result

CALLS = (ToolCall(id="1", name="a", arguments="{}"), ToolCall(id="2", name="b", arguments="{}"))


def history() -> History:
    return History("system", "task", ())


def test_loose_results_share_the_first_message_so_that_sides_alternate() -> None:
    one = history()
    one.answered(
        Reply(text="t", calls=CALLS), [("", Result("edited", "e")), ("1", Result("A", "a")), ("2", Result("B", "b"))]
    )
    assert [(said.role, said.text, said.call_id) for said in one.messages[2:]] == [
        ("assistant", "t", ""), ("tool", "edited\n\nA", "1"), ("tool", "B", "2"),
    ]  # fmt: skip
    one.remind("careful")
    assert one.messages[-1].text == "B\n\ncareful"
    two = history()
    two.answered(Reply(text="t"), [("", Result("A", "a")), ("", Result("B", "b"))])
    assert [said.role for said in two.messages[2:]] == ["assistant", "user"]


def filled(outputs: int) -> History:
    one = history()
    for n in range(outputs):
        one.answered(Reply(text="say"), [("", Result(f"{n}" * 3000, f"[{n} dropped]"))])
    return one


def test_nothing_is_dropped_while_it_fits() -> None:
    one = filled(3)
    before = one.messages
    assert one.fit(10_000)
    assert one.messages == before


def test_oldest_outputs_go_first_down_to_the_room_and_then_it_stays() -> None:
    one = filled(9)
    total = sum(said.tokens for said in one.said)
    assert one.fit(total - 1)
    assert sum(said.tokens for said in one.said) <= (total - 1) * ROOM
    dropped = [n for n in range(9) if one.messages[PREFIX + 2 * n + 1].text == f"[{n} dropped]"]
    assert dropped == list(range(len(dropped)))
    assert 0 < len(dropped) < 9
    before = one.messages
    assert one.fit(total - 1)
    assert one.messages == before, "the same prefix again: a cache can hit"


def test_the_task_and_the_newest_output_stay_and_it_says_when_that_is_too_much() -> None:
    one = filled(2)
    assert not one.fit(100)
    assert [said.text for said in one.messages[:2]] == ["system", "task"]
    assert one.messages[-1].text == "1" * 3000

"""Recorded answers: which comes next, and that a killed run hears the same again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factory.contracts.errors import Refused, Stopped, UsageProblem
from factory.contracts.model import Message, Model, Reply
from factory.contracts.record import Json
from factory.llm.models import models
from factory.llm.providers.script import Script, read_script
from tests.llm.bench import Bench, FastClock, MemoryScope, endpoint, request, script, settings

REPLIES: tuple[Json, ...] = (
    {"role": "genesis", "template": "genesis/judge", "text": "first"},
    {"role": "genesis", "template": "genesis/judge", "text": "second"},
    {"role": "backend", "match": "unit cart", "text": "cart"},
    {"role": "backend", "match": "unit shop", "text": "shop"},
    {"role": "backend", "match": "unit shop", "nth": 1, "text": "shop, next step"},
    {"role": "scribe", "text": "always", "repeat": True},
)


def write(folder: Path, *replies: Json | str) -> Path:
    path = folder / "replies.json"
    path.write_text(script(*replies).to_json(), encoding="utf-8")
    return path


def model(folder: Path, *replies: Json | str, state: bool = True) -> Model:
    """A new process would make it just so."""
    one = endpoint(script=str(write(folder, *replies)))
    made = models({}, FastClock(), folder if state else None)(one)
    return made.for_run("run-1")  # type: ignore[attr-defined,no-any-return]  # the scripted one has it


def test_by_role_template_and_order(tmp_path: Path) -> None:
    one = model(tmp_path, *REPLIES)
    assert one.complete(request("a")).text == "first"
    assert one.complete(request("b")).text == "second"
    assert [one.complete(request(text, role="scribe")).text for text in "ab"] == ["always", "always"]
    with pytest.raises(Refused, match="genesis and the template genesis/judge"):
        one.complete(request("c"))


def test_units_side_by_side_do_not_take_each_others_answers(tmp_path: Path) -> None:
    one = model(tmp_path, *REPLIES)
    asked = [request(f"This is unit {name}.", role="backend") for name in ("shop", "cart")]
    with ThreadPoolExecutor(2) as pool:
        assert [reply.text for reply in pool.map(one.complete, asked)] == ["shop", "cart"]
    step = (*asked[0].messages, Message(role="assistant", text="shop"), Message(role="user", text="go on"))
    assert one.complete(asked[0].but(messages=step)).text == "shop, next step"


def test_a_killed_process_hears_the_same_and_goes_on(tmp_path: Path) -> None:
    assert model(tmp_path, *REPLIES).complete(request("a")).text == "first"
    again = model(tmp_path, *REPLIES)
    assert again.complete(request("a")).text == "first"
    assert again.complete(request("b")).text == "second"
    other = again.for_run("run-2")  # type: ignore[attr-defined]  # the scripted one has it
    assert other.complete(request("b")).text == "first"


def test_a_changed_script_forgets(tmp_path: Path) -> None:
    model(tmp_path, "old").complete(request("a"))
    assert model(tmp_path, "new").complete(request("a")).text == "new"


def test_faults_are_used_up_and_not_remembered(tmp_path: Path) -> None:
    path = write(tmp_path, {"status": 429, "retry_after": 3}, {"status": 500}, {"reset": True}, "yes")
    one = Bench(tmp_path, settings(endpoint(script=str(path))))
    assert one.ask(request()).value == "yes"
    assert one.clock.slept == [3, 2, 4]


def test_a_run_resumed_between_answer_and_journal_ends_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, "one", "two", "three")

    def walk(scope: MemoryScope, stop_before: int) -> list[str]:
        bench = Bench(tmp_path, settings(endpoint(script=str(path))))
        bench.scope = scope
        return [bench.ask(request(text)).value for text in ("a", "b", "c")[:stop_before]]

    for written in range(3):  # killed after the answer to n + 1 was given and before it was written down
        scope = MemoryScope()
        walk(scope, written + 1)
        assert walk(MemoryScope(scope.steps[:written]), 3) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [({"status": 401}, "wrong_key"), ({"html": True}, "model_unusable"), ({"status": 404}, "no_model")],
)
def test_faults_look_as_they_do_over_http(tmp_path: Path, reply: Json, reason: str) -> None:
    path = write(tmp_path, {**reply, "repeat": True})
    one = Bench(tmp_path, settings(endpoint(script=str(path))))
    with pytest.raises(Stopped) as stop:
        one.ask(request())
    assert stop.value.reason == reason


def test_calls_get_ids_that_stay(tmp_path: Path) -> None:
    replies = ({"calls": [{"name": "read", "arguments": {"path": "a"}}, {"name": "list"}], "margin": 1.5},)
    reply = model(tmp_path, *replies).complete(request())
    assert isinstance(reply, Reply)
    assert [(call.id, call.arguments) for call in reply.calls] == [("call_0_0", '{"path": "a"}'), ("call_0_1", "{}")]
    assert (reply.finish, reply.margin) == ("tool_calls", 1.5)


@pytest.mark.parametrize("text", ["", "{", '{"replies": [{"rolle": "x"}]}', "[]"])
def test_a_broken_script_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "replies.json"
    path.write_text(text)
    with pytest.raises(UsageProblem, match=r"replies\.json is not one"):
        read_script(path)
    with pytest.raises(UsageProblem, match="cannot be read"):
        read_script(tmp_path / "none.json")
    assert Script().replies == ()

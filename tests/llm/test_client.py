"""The chain: fallback, repair, length, ceilings, and what is left in the journal."""

from pathlib import Path

import pytest

from factory.contracts.errors import RateLimited, Refused, ServerFault, Stopped, Unreachable, WrongKey
from factory.contracts.model import Endpoint, Piece, Reply, ToolCall, Usage
from tests.llm.bench import Bench, Listed, MemoryScope, endpoint, only, request, settings

CUT = Reply(text="half an ans", finish="length")
EMPTY = Reply(text="", finish="length")


def bench(tmp_path: Path, *answers: Reply | str | Exception, **changes: object) -> tuple[Bench, Listed]:
    """One local endpoint with these answers."""
    model = Listed(answers)
    return Bench(tmp_path, settings(endpoint(**changes)), lambda _: model), model


def chain(tmp_path: Path, *models: Listed) -> Bench:
    names = [f"e{n}" for n in range(len(models))]
    by_name = dict(zip(names, models, strict=True))
    return Bench(tmp_path, settings(*map(endpoint, names)), lambda one: by_name[one.name])


def test_an_accepted_answer_comes_with_where_it_came_from(tmp_path: Path) -> None:
    one, _ = bench(tmp_path, "yes")
    heard = one.ask(request())
    assert (heard.value, heard.endpoint, heard.tier, heard.exchanges, heard.cost) == ("yes", "box", "local", 1, 0)


def test_one_repair_turn_keeps_the_models_own_text(tmp_path: Path) -> None:
    one, model = bench(tmp_path, "perhaps", "yes")
    assert one.ask(request(), only("yes")).exchanges == 2
    first, second = model.asked
    assert second.messages[: len(first.messages)] == first.messages  # the prefix stays for the cache
    assert [(message.role, message.text) for message in second.messages[-2:]] == [
        ("assistant", "perhaps"),
        ("user", "Answer with yes."),
    ]


def test_garbage_three_times_over_ends_as_model_unusable(tmp_path: Path) -> None:
    one = chain(tmp_path, Listed(["??", "??"]), Listed(["??", "??"]), Listed(["??", "??"]))
    with pytest.raises(Stopped, match=r"genesis.*e0: .*e1: .*e2: ") as stop:
        one.ask(request(), only("yes"))
    assert stop.value.reason == "model_unusable"
    assert stop.value.exit_code == 1
    assert len(one.scope.steps) == 6


def test_the_next_endpoint_starts_from_the_question_and_not_from_the_quarrel(tmp_path: Path) -> None:
    second = Listed(["yes"])
    one = chain(tmp_path, Listed(["??", "??"]), second)
    assert one.ask(request(), only("yes")).endpoint == "e1"
    assert second.asked == [request()]
    assert ("fallback", "e0") in [(event, facts["endpoint"]) for event, facts in one.told]


def test_a_repair_of_tool_calls_answers_each_call(tmp_path: Path) -> None:
    wrong = Reply(text="", calls=(ToolCall(id="a", name="read", arguments="{}"),), finish="tool_calls")
    one, model = bench(tmp_path, wrong, "yes")
    one.ask(request(), only("yes"))
    assert [message.role for message in model.asked[1].messages[-2:]] == ["assistant", "tool"]
    assert model.asked[1].messages[-1].call_id == "a"
    broken = Reply(text="", calls=(ToolCall(id="a", name="read", arguments="{oops"),), finish="tool_calls")
    two, model = bench(tmp_path, broken, "yes")
    two.ask(request(), only("yes"))
    assert [message.role for message in model.asked[1].messages[-2:]] == ["assistant", "user"]
    assert "{oops" in model.asked[1].messages[-2].text


@pytest.mark.parametrize("cut", [CUT, EMPTY])
def test_an_answer_cut_off_is_asked_for_again_with_more_room(tmp_path: Path, cut: Reply) -> None:
    """LLM-07"""
    one, model = bench(tmp_path, cut, "yes", max_output=8192)
    assert one.ask(request(max_tokens=1000)).value == "yes"
    assert [asked.max_tokens for asked in model.asked] == [1000, 4000]
    assert model.asked[1].messages == model.asked[0].messages


def test_no_room_left_switches_reasoning_off(tmp_path: Path) -> None:
    one, model = bench(tmp_path, EMPTY, "yes", max_output=1000, model="Qwen/Qwen3.5-27B")
    one.ask(request(max_tokens=1000))
    assert [asked.thinking for asked in model.asked] == [None, False]


def test_a_half_answer_is_never_accepted(tmp_path: Path) -> None:
    """LLM-04, LLM-07"""
    one, model = bench(tmp_path, CUT, CUT, CUT, max_output=8192)
    with pytest.raises(Stopped, match="cut off") as stop:
        one.ask(request())
    assert stop.value.reason == "model_unusable"
    assert "much shorter" in model.asked[2].messages[-1].text
    assert not model.answers


def test_an_empty_answer_is_complained_about_once(tmp_path: Path) -> None:
    one, model = bench(tmp_path, Reply(text=" \n"), "yes")
    assert one.ask(request()).value == "yes"
    assert "empty" in model.asked[1].messages[-1].text


def test_transient_failures_are_retried_and_retry_after_is_honoured(tmp_path: Path) -> None:
    """LLM-01, LLM-06"""
    one, _ = bench(tmp_path, RateLimited("429", 7), ServerFault("500"), Unreachable("reset"), "yes")
    assert one.ask(request()).value == "yes"
    assert one.clock.slept == [7, 2, 4]
    assert [event for event, _ in one.told].count("retry") == 3


def test_a_server_that_wants_an_hour_is_left_at_once(tmp_path: Path) -> None:
    """LLM-06: the next of the chain, else a stop that `factory resume` goes on from."""
    one, _ = bench(tmp_path, RateLimited("429", 3600))
    with pytest.raises(Stopped) as stop:
        one.ask(request())
    assert stop.value.reason == "rate_limited"
    assert stop.value.exit_code == 4
    assert one.clock.slept == []
    assert "retry" not in [event for event, _ in one.told]


@pytest.mark.parametrize(
    ("problem", "reason"),
    [(RateLimited("429"), "rate_limited"), (ServerFault("500"), "no_model"), (Unreachable("down"), "no_model")],
)
def test_four_attempts_and_no_more(tmp_path: Path, problem: Exception, reason: str) -> None:
    one, model = bench(tmp_path, problem, problem, problem, problem, "never asked")
    with pytest.raises(Stopped, match="box: ") as stop:
        one.ask(request())
    assert stop.value.reason == reason
    assert model.answers == ["never asked"]


def test_a_refusal_is_not_retried(tmp_path: Path) -> None:
    one = chain(tmp_path, Listed([Refused("400: no such model")]), Listed(["yes"]))
    assert one.ask(request()).endpoint == "e1"
    assert one.clock.slept == []


def test_a_wrong_key_stops_the_run_and_names_the_variable(tmp_path: Path) -> None:
    one, _ = bench(tmp_path, WrongKey("401: bad key"), key_env="BOX_KEY")
    with pytest.raises(Stopped, match=r"box .*BOX_KEY") as stop:
        one.ask(request())
    assert (stop.value.reason, stop.value.exit_code) == ("wrong_key", 2)


def test_a_factory_server_gets_no_retries_and_no_reservation(tmp_path: Path) -> None:
    one, _ = bench(tmp_path, Unreachable("down"), factory=True, tier="frontier")
    with pytest.raises(Stopped):
        one.ask(request(ceiling="frontier"))
    assert one.clock.slept == []
    other = tmp_path / "other"
    other.mkdir()
    two, _ = bench(other, "yes", factory=True, tier="frontier", price_in=5, price_out=25)
    assert two.ask(request(ceiling="frontier")).cost == 0


def test_an_empty_chain_says_what_to_write(tmp_path: Path) -> None:
    one = Bench(tmp_path, settings())
    with pytest.raises(Stopped, match=r"\[endpoints.NAME\].*factory.toml") as stop:
        one.ask(request())
    assert stop.value.reason == "no_model"


def test_the_ceiling_and_avoided_endpoints_are_never_asked(tmp_path: Path) -> None:
    cloud = endpoint("cloud", tier="rented", price_in=1, price_out=1)
    asked: list[str] = []

    def model_of(one: Endpoint) -> Listed:
        asked.append(one.name)
        return Listed(["yes"])

    one = Bench(tmp_path, settings(cloud, endpoint()), model_of)
    assert one.ask(request()).endpoint == "box"
    with pytest.raises(Stopped, match=r"ceiling 'local'.*cloud \(rented\)"):
        one.ask(request(), avoid=("box",))
    assert asked == ["box"]


def test_an_unknown_price_is_refused_before_the_call(tmp_path: Path) -> None:
    one, model = bench(tmp_path, "yes", tier="frontier", model="claude-from-the-future")
    with pytest.raises(Stopped, match=r"price of claude-from-the-future is unknown.*price_in"):
        one.ask(request(ceiling="frontier"))
    assert model.asked == []
    known, _ = bench(tmp_path, Reply(text="yes", usage=Usage(input=1, output=1)), tier="frontier", model="gpt-5")
    assert known.ask(request(ceiling="frontier")).cost == 12  # 1.25 + 10, rounded up


def test_a_prompt_longer_than_the_window_goes_to_the_next_endpoint(tmp_path: Path) -> None:
    models = {"small": Listed([]), "big": Listed(["yes"])}
    one = Bench(tmp_path, settings(endpoint("small", context=2000), endpoint("big")), lambda item: models[item.name])
    assert one.ask(request("word " * 2000)).endpoint == "big"


def test_a_second_walk_hears_the_same_without_asking(tmp_path: Path) -> None:
    one = chain(tmp_path, Listed([Unreachable("x")] * 4), Listed(["??", "yes"]))
    first = one.ask(request(), only("yes"))
    rows = one.spend.totals("run-1")
    one.told.clear()
    one.scope = MemoryScope(one.scope.steps)
    assert one.ask(request(), only("yes")) == first
    assert one.spend.totals("run-1") == rows
    assert one.told == []


def test_a_budget_stop_comes_before_the_call_and_a_stop_is_replayed(tmp_path: Path) -> None:
    model = Listed(["never asked"])
    paid = endpoint(tier="frontier", price_in=5, price_out=25)
    one = Bench(tmp_path, settings(paid, budget={"run_usd": "0.05"}), lambda _: model)
    for scope in (one.scope, MemoryScope(one.scope.steps)):
        one.scope = scope
        with pytest.raises(Stopped, match=r"run_usd = \$0\.05 .*factory resume run-1") as stop:
            one.ask(request(ceiling="frontier"))
        assert stop.value.reason == "budget"
    assert model.asked == []


def test_the_second_judge_may_use_what_was_kept_for_it(tmp_path: Path) -> None:
    paid = {"tier": "frontier", "price_in": 1, "price_out": 1, "max_output": 100, "context": 400}
    budget = {"run_usd": "0.001", "escalation_usd": "0.0009"}
    two = settings(endpoint(**paid), endpoint("second", **paid), budget=budget, line={"ceiling": "frontier"})
    one = Bench(tmp_path, two, lambda _: Listed(["yes"]))
    with pytest.raises(Stopped, match="kept for the second judge"):
        one.ask(request(ceiling="frontier"))
    one.scope = MemoryScope()
    assert one.ask(request(ceiling="frontier"), avoid=("box",), escalation=True).value == "yes"


def test_egress_is_written_for_what_left_and_only_for_that(tmp_path: Path) -> None:
    piece = Piece(path="a.py", start=1, end=2, bytes=5, sha256="0" * 64)
    one, _ = bench(tmp_path, Unreachable("refused"), "yes")
    one.ask(request("12345 and more", pieces=(piece,)))
    (sent,) = one.egress.by_endpoint("run-1")
    assert (sent.endpoint, sent.files, sent.paths) == ("box", 1, ("a.py",))
    assert sent.bytes == len("You judge." + "12345 and more")


def test_secrets_leave_for_no_cloud_but_stay_on_the_box(tmp_path: Path) -> None:
    asked = request("the key is hunter2hunter2", ceiling="frontier")
    for tier, seen in (("local", True), ("rented", False)):
        model = Listed(["yes"])
        made = settings(endpoint(tier=tier, key_env="K", price_in=0, price_out=0))
        one = Bench(tmp_path, made, lambda _, model=model: model, {"K": "hunter2hunter2"})
        one.ask(asked)
        assert ("hunter2" in model.asked[0].to_json()) is seen


def test_a_bug_in_accept_is_not_taken_for_a_bad_answer(tmp_path: Path) -> None:
    one, _ = bench(tmp_path, "yes")

    def accept(_: Reply) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        one.ask(request(), accept)


def test_the_call_record_names_no_address(tmp_path: Path) -> None:
    digests = []
    for url in ("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"):
        one, _ = bench(tmp_path, "yes", url=url)
        one.ask(request())
        digests.append(one.scope.steps[0][1])
    assert digests[0] == digests[1]

"""The fleet with real processes on the device double: seats, swaps under load, faults, and nothing left behind."""

import json
import os
import signal
import threading
from concurrent.futures import CancelledError
from http.client import HTTPConnection
from pathlib import Path

import pytest

from factory.contracts.errors import Stopped, UsageProblem
from factory.contracts.record import Json
from tests.gpu.boxes import LONG_S, model, shelf, until


def test_two_models_take_turns_and_no_request_is_lost(tmp_path: Path) -> None:
    """Eight threads ask for both, with room for one; every request gets a seat at the right engine."""
    with shelf(tmp_path, {"a": model(tmp_path), "b": model(tmp_path)}) as box:
        wrong: list[str] = []

        def client(number: int) -> None:
            for turn in range(6):
                name, request = "ab"[(number + turn) % 2], f"{number}.{turn}"
                seat = box.fleet.acquire(name, request, 5).result(LONG_S)
                wrong.extend([seat.model] if seat.model != name else [])
                box.fleet.release(request)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert box.device.refused() == 0, "an engine was started or woken without room for it"
        assert {"up", "slept"} <= set(box.events())
        status = box.fleet.status()
        assert [view.running + view.waiting for view in status.models] == [0, 0]
        assert "stand-in" in status.device


def test_a_seat_says_where_and_how_much(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path, 8, "--fake-kv-tokens", "4096", kv_tokens=9)}) as box:
        seat = box.fleet.acquire("a", "1", 5).result(LONG_S)
        assert seat.url.startswith("http://127.0.0.1:")
        assert (seat.model, seat.kv_tokens, seat.kv_block) == ("a", 4096, 16)
        card = box.fleet.status().cards[0]
        assert {part.who: part.gib for part in card.map} == {"a": 8.0, "others": 0.29, "free": 15.71}
        assert box.fleet.status().models[0].version
        with pytest.raises(UsageProblem, match="no model 'c'"):
            box.fleet.acquire("c", "2", 5)


def test_whoever_goes_away_while_waiting_is_forgotten(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path), "b": model(tmp_path)}) as box:
        box.fleet.acquire("a", "1", 5).result(LONG_S)
        waiting = box.fleet.acquire("b", "2", 5)
        box.fleet.release("2")
        box.fleet.release("2")
        with pytest.raises(CancelledError):
            waiting.result(LONG_S)
        box.fleet.release("1")
        assert box.use("a", "3")
        assert [view.state for view in box.fleet.status().models] == ["ready", "cold"]


def test_sleep_that_frees_too_little_is_ended(tmp_path: Path) -> None:
    """The engine keeps 13 of 16 GiB, as on record: told, ended, and the other one comes up."""
    leaky = model(tmp_path, 16, "--fake-leak-gib", "13")
    with shelf(tmp_path, {"a": leaky, "b": model(tmp_path)}) as box:
        box.use("a", "1")
        assert box.use("b", "2")
        assert box.wait("memory_not_freed")["gib"] == 11.0
        assert box.device.refused() == 0


def test_a_wake_that_fails_becomes_a_cold_start(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path, 16, "--fake-wake-fails", "9"), "b": model(tmp_path)}) as box:
        for number, name in enumerate("aba"):
            assert box.use(name, str(number))
        assert "500" in box.wait("wake_failed", model="a")["why"]
        assert box.events().count("wake_failed") == 1


def test_memory_lost_by_an_end_makes_the_card_dirty_and_is_planned_around(tmp_path: Path) -> None:
    """3 GiB stay in use after the end: told with their size; a model of 22 GiB is refused, one of 20 comes."""
    models = {
        "a": model(tmp_path, 16, "--fake-residue-gib", "3", sleep="off"), "b": model(tmp_path, 20, sleep="off"),
        "large": model(tmp_path, 22, sleep="off"),
    }  # fmt: skip
    with shelf(tmp_path, models) as box:
        box.use("a", "1")
        assert box.use("b", "2")
        assert box.wait("card_dirty") == {"model": "a", "card": 0, "gib": 3.0}
        with pytest.raises(Stopped, match=r"3\.3 are others' or kept free") as stop:
            box.fleet.acquire("large", "3", 5).result(LONG_S)
        assert stop.value.reason == "model_unusable"
        assert box.device.refused() == 0


def test_a_start_that_fails_twice_is_told_and_tried_again_later(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path, 16, "--fake-crash", "oom")}) as box:
        with pytest.raises(Stopped, match="a does not come up"):
            box.fleet.acquire("a", "1", 5).result(LONG_S)
        box.fleet.release("1")
        assert box.events().count("load_failed") == 2
        with pytest.raises(Stopped, match="tried again in"):
            box.fleet.acquire("a", "2", 5).result(LONG_S)
        assert box.fleet.status().models[0].failed_s > 0
        until(lambda: not box.fleet.status().models[0].failed_s)
        with pytest.raises(Stopped):
            box.fleet.acquire("a", "3", 5).result(LONG_S)
        assert box.events().count("load_failed") == 4


def test_a_killed_engine_is_started_again_and_after_three_times_given_up(tmp_path: Path) -> None:
    """LLM-01: the seat's connection breaks; the supervisor restarts it, and in the end says that it is down."""
    with shelf(tmp_path, {"a": model(tmp_path)}) as box:
        for number in range(3):
            box.fleet.acquire("a", str(number), 5).result(LONG_S)
            died = len([name for name in box.events() if name == "engine_died"])
            os.kill(box.fleet._crew.engines["a"].pid or 0, signal.SIGKILL)
            box.fleet.broken("a")
            until(lambda died=died: box.events().count("engine_died") > died)
            box.fleet.release(str(number))
        box.wait("model_failed")
        with pytest.raises(Stopped, match="does not come up"):
            box.fleet.acquire("a", "4", 5).result(LONG_S)


def test_an_engine_that_dies_unnoticed_is_found(tmp_path: Path) -> None:
    """Nobody asks it anything: the fleet sees by itself that its process has ended."""
    with shelf(tmp_path, {"a": model(tmp_path)}) as box:
        first = box.use("a", "1")
        os.kill(box.fleet._crew.engines["a"].pid or 0, signal.SIGKILL)
        assert box.wait("engine_died")["in_a_row"] == 1
        assert box.use("a", "2") != first


def test_a_healthy_engine_is_left_alone(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path)}) as box:
        first = box.use("a", "1")
        box.fleet.broken("a")
        assert box.use("a", "2") == first
    assert "engine_died" not in box.events()


def test_sizes_of_an_elastic_checkpoint_share_a_load(tmp_path: Path) -> None:
    variants = {"half": {"model": "a-half"}, "own": {"model": "a-own", "args": ("--fake-gib", "6"), "gib": 6}}
    with shelf(tmp_path, {"a": model(tmp_path, variants=variants)}) as box:
        whole = box.fleet.acquire("a", "1", 5).result(LONG_S)
        half = box.fleet.acquire("half", "2", 5).result(LONG_S)
        assert (half.url, half.model) == (whole.url, "a-half")
        own = box.fleet.acquire("own", "3", 5).result(LONG_S)
        assert own.url != whole.url
        assert own.model == "a-own"


def test_another_program_takes_what_is_free(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path)}) as box:
        assert box.device.hold(0, 10 * 2**30)
        with pytest.raises(Stopped, match=r"10\.3 are others'"):
            box.fleet.acquire("a", "1", 5).result(LONG_S)
        assert box.device.hold(0, 0)
        assert box.use("a", "2")


def test_closing_tells_whoever_waits(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path, 16, "--fake-start-s", "30")}) as box:
        waiting = box.fleet.acquire("a", "1", 5)
        until(lambda: box.fleet.status().models[0].state == "loading")
    with pytest.raises(Stopped, match="closing"):
        waiting.result(0)
    with pytest.raises(Stopped, match="closing"):
        box.fleet.acquire("a", "2", 5)


def test_a_driver_that_goes_silent_is_told_and_seats_are_still_given(tmp_path: Path) -> None:
    with shelf(tmp_path, {"a": model(tmp_path)}) as box:
        box.use("a", "1")
        moved = (tmp_path / "cards.json").rename(tmp_path / "away.json")
        box.wait("cards_unreadable")
        assert box.use("a", "2")
        moved.rename(tmp_path / "cards.json")


def test_an_engine_whose_core_is_gone_is_started_again(tmp_path: Path) -> None:
    """vLLM's server lives on and says 503: after the gateway's word the engine is ended and started anew."""
    with shelf(tmp_path, {"a": model(tmp_path, 16, "--fake-dead-after", "1")}) as box:
        first = box.fleet.acquire("a", "1", 5).result(LONG_S)
        ask(first.url, {"model": first.model, "messages": [{"role": "user", "content": "hello"}]})
        box.fleet.broken("a")
        assert "503" in box.wait("engine_died")["why"]
        box.fleet.release("1")
        assert box.use("a", "2") != first.url


def ask(url: str, body: Json) -> None:
    """One chat completion of an engine."""
    link = HTTPConnection(url.removeprefix("http://"), timeout=LONG_S)
    link.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
    assert link.getresponse().status == 200
    link.close()

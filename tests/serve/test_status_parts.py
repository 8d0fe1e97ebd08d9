"""What the status page is made of: events in words, rates, sessions, the engines' and rented machines' own words."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factory.gpu.status import CardView, FleetStatus, Happened, Held, LeaseView, ModelView
from factory.rented.answers import RentedStatus
from factory.serve.machine import machine_of
from factory.serve.page import Page, share, span, wait
from factory.serve.rates import Rates
from factory.serve.recent import MOST, WORDS, Recent, happening
from factory.serve.status import Card, Machine, Model, Part, Place, Snapshot
from factory.serve.visitors import LASTS_S, TRIES, TRIES_ALL, WITHIN_S, Visitors

GIB = 1024**3
ROOT = Path(__file__).parent.parent.parent


def recent() -> tuple[Recent, list[Any]]:
    said: list[Any] = []
    times = iter(range(10_000))
    return Recent(lambda event, facts: said.append((event, facts)), lambda: f"{next(times):04d}"), said


def test_events_are_passed_on_and_the_last_are_kept_newest_first() -> None:
    log, said = recent()
    for number in range(MOST + 5):
        log("failed", {"request": "r", "endpoint": f"e{number}", "why": "gone"})
    assert len(said) == MOST + 5
    assert [one.who for one in log.last()] == [f"e{number}" for number in range(MOST + 4, 4, -1)]


def test_the_same_event_again_is_counted() -> None:
    log, _ = recent()
    for request in "abc":
        log("failed", {"request": request, "endpoint": "e", "why": "e is gone"})
        log("up", {"model": request, "how": "load", "seconds": 1})
    (once,) = [one for one in log.last() if one.event == "failed"]
    assert (once.count, once.who, once.text, once.at) == (3, "e", "is gone", "0004")


@pytest.mark.parametrize(
    ("event", "facts", "who", "text"),
    [
        ("failed", {"endpoint": "e", "why": "slow", "next": "f"}, "e", "slow; f was asked instead"),
        ("up", {"model": "m", "how": "load", "seconds": 4.2}, "m", "load took 4.2 s"),
        ("swap", {"model": "m", "out": ["a", "b"], "drained_s": 2, "cards": [0]}, "m", "takes the place of a, b; their requests took 2 s to finish"),  # noqa: E501
        ("up", {"model": "m", "odd": 1}, "m", "odd 1"),
        ("failed", {"endpoint": "\x1b[31me", "why": "a\nb\u202e" + "x" * 999}, "e", "a b⟨U+202E⟩" + "x" * 289),
    ],
)  # fmt: skip
def test_events_in_words(event: str, facts: dict[str, Any], who: str, text: str) -> None:
    made = happening("now", event, facts)
    assert (made.who, made.text.rstrip("…")) == (who, text[:299])


def test_every_event_has_words() -> None:
    """Whatever the gateway and what it keeps up tell by name, wherever they do."""
    told = set()
    for folder in ("gpu", "rented", "serve", "ledger"):
        for path in (ROOT / "factory" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    if name in ("tell", "Tell", "_notify", "notify", "log", "_log"):
                        told.add(str(node.args[0].value))
    assert {"failed", "up", "card_dirty", "rented_up", "budget_80"} <= told, "none found: the test is broken"
    assert told - set(WORDS) == {"prompt"}  # that is for the log alone


def test_prompts_are_not_kept() -> None:
    log, said = recent()
    log("prompt", {"request": "r", "text": "secret"})
    assert (len(said), log.last()) == (1, ())


def test_rates_are_those_of_the_last_seconds() -> None:
    rates = Rates(10)
    rates.note(0, {"a": 0})
    assert rates.of("a") is None
    for second in range(1, 30):
        rates.note(second, {"a": 50 * second, "b": 100})
    assert rates.of("a") == 50
    assert rates.of("b") == 0
    rates.note(30, {"a": 0})
    assert rates.of("a") == 0


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends_by_itself_and_holds_no_key() -> None:
    time = Time()
    visitors = Visitors(time)
    session = visitors.enter("alice")
    assert visitors.key(session) == "alice"
    assert visitors.key(session + "x") is visitors.key("") is None
    assert session not in str(vars(visitors))
    time.now = LASTS_S
    assert visitors.key(session) is None


def test_the_oldest_sessions_end_when_there_are_many() -> None:
    visitors = Visitors(Time())
    sessions = [visitors.enter(str(number)) for number in range(300)]
    known = [visitors.key(session) for session in sessions]
    assert known[0] is None
    assert known[-1] == "299"
    assert sum(key is not None for key in known) == 256


def test_tries_are_counted_by_address_and_in_all() -> None:
    time = Time()
    visitors = Visitors(time)
    for _ in range(TRIES):
        assert visitors.wait_s("a") == 0
        visitors.wrong("a")
        time.now += 1
    assert visitors.wait_s("a") == pytest.approx(WITHIN_S - TRIES)
    assert visitors.wait_s("b") == 0
    for number in range(TRIES_ALL):
        visitors.wrong(f"b{number}")
    assert visitors.wait_s("c") > 0
    time.now += WITHIN_S
    assert visitors.wait_s("a") == visitors.wait_s("c") == 0


def test_the_fleet_and_rented_machines_as_the_page_shows_them() -> None:
    parts = (Held(who="m", gib=10), Held(who="lease-1", gib=2), Held(who="others", gib=2), Held(who="free", gib=10))
    card = CardView(index=0, name="RTX", gib=24, used_gib=14, map=parts, watts=280, celsius=60, lanes=4, note="narrow")
    fleet = FleetStatus(
        device="NVIDIA", profile="dev", cards=(card,),
        models=(ModelView(name="m", state="ready", since_s=5, cards=(0,), running=2),),
        leases=(LeaseView(id="lease-1", gib=2, cards=(0,), job="render"),),
        last=(Happened(at="", event="card_dirty", facts={"model": "m", "card": 0, "gib": 1.5}),),
    )  # fmt: skip
    hired = RentedStatus(
        name="h100", model="q", gpus="H100:1", phase="idle", why="", hour=2, up_s=1, idle_s=3, sleeps_s=4, spent=5,
        cap=6, starts=1, running=0,
    )  # fmt: skip
    made = machine_of(fleet, (hired,))
    (shown,) = made.cards
    assert [(part.label, part.kind) for part in shown.parts] == [
        ("m", "model"), ("render", "lease"), ("other programs", "others"), ("free", "free"),
    ]  # fmt: skip
    assert sum(part.bytes for part in shown.parts) == shown.total
    assert shown.lost == 1.5 * GIB
    assert (made.models[0].running, made.leases[0].job, made.rented[0].state) == (2, "render", "idle")
    clean = card.but(map=(*parts[:2], Held(who="free", gib=12)), used_gib=12)
    assert machine_of(fleet.but(cards=(clean,))).cards[0].lost == 0  # the card was reset
    assert machine_of(None) == Machine()


CARD = Card(0, "RTX", 24 * GIB, 14 * GIB, (Part("m", 12 * GIB, "model"), Part("free", 12 * GIB, "free")))
FULL = Snapshot(
    at="2026-01-01T00:00:00.000Z", places=(Place("m", "big", "local", "failing", 12.4, 1, 2, 30_000, 60_000, 3.25),),
    machine=Machine("NVIDIA", "dev", (CARD, replace(CARD, index=1)), (Model("m", "loading", 12.0, (0,), load_s=60),)),
    trouble=("The disk is <full>.",),
)  # fmt: skip


def test_the_page_is_a_function_of_the_snapshot() -> None:
    shown = Page().sections(FULL)
    assert "12.0 of" not in shown["cards"]
    assert "14.0 of 24.0 GiB" in shown["cards"]
    assert shown["cards"].count('class="t0" x="0.0" y="0" width="500.0"') == 2  # the same colour on every card
    assert "12 s of about 1 m 00 s" in shown["models"]
    assert "left alone for 12 s" in shown["places"]
    assert "1 running, 2 waiting" in shown["places"]
    assert "30k of 60k tokens of cache" in shown["places"]
    assert "3.2" in shown["summary"]
    assert "The disk is &lt;full&gt;." in shown["summary"]
    assert Page().sections(FULL) == shown


def test_a_part_never_leaves_its_card() -> None:
    torn = replace(CARD, parts=(Part("m", 30 * GIB, "model"), Part("n", GIB, "model")))
    shown = Page().sections(replace(FULL, machine=Machine("NVIDIA", "", (torn,))))["cards"]
    assert 'x="0.0" y="0" width="1000.0"' in shown
    assert 'x="1000.0" y="0" width="0.0"' in shown


def test_amounts() -> None:
    assert [share(0, 10), share(1, 100_000), share(20, 10), share(1, 0)] == [0, 4, 1000, 0]
    assert [span(0), span(61), span(3600), span(86_400 * 3)] == ["less than a minute", "1 min", "1 h 00 min", "3 days"]
    assert [wait(0.2), wait(9.7), wait(59.6), wait(90)] == ["1 s", "10 s", "1 m 00 s", "1 m 30 s"]

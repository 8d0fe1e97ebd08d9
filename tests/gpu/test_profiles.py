"""Profiles: who is in them, whether they fit, and switching between them with real processes."""

import threading
from pathlib import Path

import pytest

from factory.contracts.engines import ModelSettings, ProfileSettings
from factory.contracts.errors import UsageProblem
from factory.gpu import catalog
from factory.gpu.device import GIB
from factory.gpu.placement import Card
from factory.gpu.profiles import Lineup, bundled, lineup, members
from factory.gpu.swaps import Rules
from factory.settings import Settings
from tests.gpu.boxes import LONG_S, Shelf, model, shelf, until


def said(gib: float, **more: object) -> ModelSettings:
    return ModelSettings.model_validate({"engine": "vllm", "model": "m", "gib": gib, **more})


MODELS = {"small": said(8), "middle": said(14), "large": said(20)}


def lined_up(name: str, models: dict[str, ModelSettings], cards: int = 1, **profiles: ProfileSettings) -> Lineup:
    known = [Card(index, "RTX 3090", 24 * GIB, 24 * GIB) for index in range(cards)]
    settings = Settings(models=models, profiles=profiles)
    return lineup(settings, name, catalog.offers(models), known, {}, {}, Rules())


def test_the_bundled_three() -> None:
    assert sorted(bundled()) == ["creative", "dev", "production"]
    dev, production, creative = (lined_up(name, MODELS) for name in ("dev", "production", "creative"))
    assert (dict(dev.pinned), dev.allowed) == ({}, ("small", "middle", "large"))
    assert (production.pinned, production.allowed) == ({"large": (0,)}, ())
    assert (creative.pinned, creative.allowed, creative.kept) == ({"small": (0,)}, (), 14 * GIB)


def test_ones_own_takes_the_place_of_a_bundled_one() -> None:
    own = ProfileSettings(up=("middle",), swap=("small",))
    assert lined_up("dev", MODELS, dev=own).pinned == {"middle": (0,)}


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        (ProfileSettings(up=("small", "large")), "do not fit together: small 8.0 GiB x1, large 20.0 GiB x1"),
        (ProfileSettings(up=("middle",), swap=("large",)), "with room for one of large"),
        (ProfileSettings(up=("large",), free_gib=6), "6.0 are others' or kept free"),
        (ProfileSettings(up=("nobody",)), "names the model 'nobody', which is not in"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_touched(profile: ProfileSettings, problem: str) -> None:
    with pytest.raises(UsageProblem) as refusal:
        lined_up("p", MODELS, p=profile)
    assert problem in str(refusal.value)


def test_an_unknown_profile_and_no_models() -> None:
    with pytest.raises(UsageProblem, match="there are: creative, dev, production"):
        lined_up("fast", MODELS)
    with pytest.raises(UsageProblem, match="No model is configured"):
        lined_up("dev", {})


def test_those_that_stay_leave_a_card_for_those_that_take_turns() -> None:
    profile = ProfileSettings(up=("small", "middle"), swap=("large",))
    assert lined_up("p", MODELS, 2, p=profile).pinned in (
        {"small": (0,), "middle": (0,)},
        {"small": (1,), "middle": (1,)},
    )


def test_sizes_with_a_start_of_their_own_take_turns_with_their_model() -> None:
    elastic = said(20, variants={"half": {"model": "h", "args": ("--half",), "gib": 4}, "same": {"model": "s"}})
    found = lined_up("p", {"large": elastic}, p=ProfileSettings(up=("large",)))
    assert (found.pinned, found.allowed) == ({"large": (0,)}, ("half",))
    assert members(ProfileSettings(swap=("*",)), {"large": elastic}) == ((), ("large",))


def test_all_of_them_may_stay_and_a_name_is_used_once() -> None:
    assert members(ProfileSettings(up=("*",)), MODELS) == (("small", "middle", "large"), ())
    with pytest.raises(UsageProblem, match="'small' is the name of two"):
        catalog.names({**MODELS, "other": said(4, variants={"small": {"model": "x"}})})


THREE = {
    "test": ProfileSettings(up=("a",), min_loaded_s=0, max_wait_s=2),
    "other": ProfileSettings(up=("b",)),
    "both": ProfileSettings(up=("a", "c")),
}


def up(box: Shelf) -> list[str]:
    return [view.name for view in box.fleet.status().models if view.state == "ready"]


def test_a_switch_drains_and_says_what_it_did(tmp_path: Path) -> None:
    """The request that runs ends in its own time; then the old model goes and the new one comes."""
    with shelf(tmp_path, {"a": model(tmp_path), "b": model(tmp_path)}, profiles=THREE) as box:
        box.fleet.acquire("a", "1", 5).result(LONG_S)
        ending = threading.Timer(0.4, box.fleet.release, ("1",))
        ending.start()
        switch = box.fleet.profile("other")
        assert not ending.is_alive()
        assert (switch.done, switch.before, switch.profile) == (True, "test", "other")
        assert [(step.what, step.model) for step in switch.steps] == [("kill", "a"), ("load", "b")]
        assert switch.seconds >= 0.4
        assert up(box) == ["b"]
        assert box.fleet.status().profile == "other"
        assert box.use("b", "2")
        with pytest.raises(Exception, match="does not hold a"):
            box.fleet.acquire("a", "3", 5).result(LONG_S)


def test_what_does_not_come_up_is_rolled_back(tmp_path: Path) -> None:
    models = {"a": model(tmp_path), "b": model(tmp_path, 16, "--fake-crash", "arguments")}
    with shelf(tmp_path, models, profiles=THREE) as box:
        until(lambda: up(box) == ["a"])
        switch = box.fleet.profile("other")
        assert not switch.done
        assert "b did not start" in switch.why
        assert [(step.what, step.model, bool(step.problem)) for step in switch.steps] == [
            ("kill", "a", False), ("load", "b", True), ("kill", "b", False), ("load", "b", True), ("kill", "b", False),
            ("load", "a", False),
        ]  # fmt: skip
        assert up(box) == ["a"]
        assert box.fleet.status().profile == "test"


def test_what_both_hold_keeps_running(tmp_path: Path) -> None:
    with shelf(
        tmp_path, {"a": model(tmp_path, 8), "b": model(tmp_path), "c": model(tmp_path, 8)}, profiles=THREE
    ) as box:
        first = box.use("a", "1")
        switch = box.fleet.profile("both")
        assert [(step.what, step.model) for step in switch.steps] == [("load", "c")]
        assert box.use("a", "2") == first
        with pytest.raises(UsageProblem, match="There is no profile"):
            box.fleet.profile("none")

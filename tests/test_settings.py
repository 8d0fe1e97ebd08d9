"""Settings: one frozen record from file, target and environment; every mistake named with its place."""

from decimal import Decimal
from pathlib import Path

import pytest

from factory.contracts.errors import UsageProblem
from factory.settings import Settings, load

BOX = '[endpoints.box]\nwire = "openai"\nurl = "http://127.0.0.1:8000/v1"\nmodel = "m"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "factory.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lime]\n", ["factory.toml:1", "'lime'", "'line'"]),
        (BOX + "[budget]\nrun_usd = 1\nday_us = 2\n", ["factory.toml:7", "'budget.day_us'", "'day_usd'"]),
        (BOX + "keyenv = 'X'\n", ["factory.toml:5", "'key_env'"]),
        ("[endpoints.box]\nwire = 'morse'\n", ["factory.toml:2", "wire"]),
        ("[line]\nthreads = 0\n", ["factory.toml:2", "threads"]),
        ("[[chain]]\nendpoints = ['nobody']\n", ["'nobody'", "not in [endpoints]"]),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(UsageProblem) as caught:
        load(written(tmp_path, text), None, {})
    for word in words:
        assert word in str(caught.value)


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[budget]\nrun_usd = 1.10\n")
    assert load(path, None, {}).budget.run_usd == Decimal("1.10")
    assert load(path, None, {"FACTORY_BUDGET__RUN_USD": "3"}).budget.run_usd == 3
    assert load(path, None, {"FACTORY_CHECKS__VERIFY": "make lint,make docs"}).checks.verify == (
        "make lint",
        "make docs",
    )
    with pytest.raises(UsageProblem, match="FACTORY_BUDGET__RUN_EUR"):
        load(path, None, {"FACTORY_BUDGET__RUN_EUR": "3"})


def test_a_target_says_how_it_is_tested_and_nothing_else(tmp_path: Path) -> None:
    target = written(tmp_path, BOX + "[checks]\nverify = ['make e2e']\n[line]\nceiling = 'frontier'\n")
    found = load(None, target, {})
    assert (found.checks.verify, found.endpoints, found.line.ceiling) == (("make e2e",), {}, "local")


def test_chains_go_by_role_and_effort(tmp_path: Path) -> None:
    text = BOX + BOX.replace("box", "big") + (
        "[[chain]]\nroles = ['genesis']\neffort = [7, 10]\nendpoints = ['big']\n[[chain]]\nendpoints = ['box', 'big']\n"
    )  # fmt: skip
    found = load(written(tmp_path, text), None, {})
    names = lambda role, effort: [each.name for each in found.endpoints_for(role, effort)]  # noqa: E731  reads as a table
    assert names("genesis", 9) == ["big"]
    assert names("genesis", 3) == ["box", "big"]
    assert names("backend", 9) == ["box", "big"]


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8000/v1", True), ("http://box:8000/v1", True), ("http://192.168.1.20/v1", True),
        ("http://gpu.local:1/v1", True), ("http://[::1]:1/v1", True), ("https://api.openai.com/v1", False),
        ("http://8.8.8.8/v1", False), ("https://localhost.evil.example/v1", False),
    ],
)  # fmt: skip
def test_an_endpoint_elsewhere_must_say_its_tier(tmp_path: Path, url: str, near: bool) -> None:
    """No cloud is taken for a local server by a default."""
    text = f'[endpoints.x]\nwire = "openai"\nmodel = "m"\nurl = "{url}"\n'
    if near:
        assert load(written(tmp_path, text), None, {}).endpoints["x"].tier == "local"
    else:
        with pytest.raises(UsageProblem, match="say its tier"):
            load(written(tmp_path, text), None, {})
    for tier in ("local", "frontier"):
        assert load(written(tmp_path, f'{text}tier = "{tier}"\n'), None, {}).endpoints["x"].tier == tier


def test_settings_go_through_json_unchanged(tmp_path: Path) -> None:
    found = load(written(tmp_path, BOX + "[budget]\nrun_usd = 0.1\n"), None, {})
    assert Settings.from_json(found.to_json()) == found


def test_a_script_is_found_from_the_files_own_folder(tmp_path: Path) -> None:
    found = load(written(tmp_path, "[endpoints.box]\nwire = 'scripted'\nscript = 'box.json'\n"), None, {})
    assert found.endpoints["box"].script == str(tmp_path / "box.json")

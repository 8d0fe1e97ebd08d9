"""Set-ups of clients: readable by what reads them, without a key, and with names of tiers only."""

import json
import re
import tomllib
from typing import get_args

import pytest
import yaml

from factory.contracts.errors import UsageProblem
from factory.contracts.model import Grade
from factory.serve.clients import CLIENTS, KEY, Port, setup
from scripts.real_clients import NPM, PYPI

PORT = Port("http://10.0.0.7:4100", 65_536, 8_192)
READERS = {"json": json.loads, "toml": tomllib.loads, "yml": yaml.safe_load, "yaml": yaml.safe_load}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_file_is_what_its_ending_says_and_leads_to_the_port(name: str) -> None:
    made = setup(name, PORT)
    for file in made.files:
        assert READERS[file.path.rpartition(".")[2]](file.text)
    everything = " ".join(file.text for file in made.files)
    assert PORT.url in everything
    assert set(re.findall(r"https?://[^\s\"/]+", everything)) == {PORT.url}


@pytest.mark.parametrize("name", CLIENTS)
def test_no_key_stands_in_a_file_and_the_environment_names_ours(name: str) -> None:
    made = setup(name, PORT)
    said = [value for value in made.environment.values() if "$" in value]
    assert all(value == f"${KEY}" for value in said)
    assert said or any(KEY in file.text for file in made.files), "nothing tells the client where the key is"


@pytest.mark.parametrize("name", CLIENTS)
def test_the_tiers_it_names_are_the_models_it_asks_for(name: str) -> None:
    made = setup(name, PORT)
    everything = " ".join(file.text for file in made.files)
    for _, grade in made.tiers:
        assert grade in get_args(Grade)
        assert grade in everything


def test_every_client_is_one_that_the_tests_install() -> None:
    assert set(CLIENTS) == set(NPM) | set(PYPI)


def test_a_client_nobody_knows() -> None:
    with pytest.raises(UsageProblem, match="choose from aider"):
        setup("emacs", PORT)

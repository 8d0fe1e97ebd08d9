"""From an endpoint to the model behind it: one entry for each wire."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from factory.contracts.model import Endpoint, Model
from factory.contracts.seams import Clock
from factory.llm.pictures import Bytes, green_alone
from factory.llm.providers import scripted
from factory.llm.providers.anthropic import Anthropic
from factory.llm.providers.command import Command
from factory.llm.providers.openai import OpenAI


@dataclass(frozen=True)
class Surroundings:
    """What a provider may use besides its endpoint."""

    environment: Mapping[str, str]
    clock: Clock
    state: Path | None  # where scripted answers are remembered; None = in memory
    pictures: Bytes = green_alone


WIRES: dict[str, Callable[[Endpoint, Surroundings], Model]] = {
    "anthropic": lambda endpoint, around: Anthropic(endpoint, around.environment, pictures=around.pictures),
    "command": lambda endpoint, around: Command(endpoint, around.environment),
    "openai": lambda endpoint, around: OpenAI(endpoint, around.environment, pictures=around.pictures),
    "scripted": lambda endpoint, around: scripted.make(endpoint, around.clock, around.state),
}


def models(
    environment: Mapping[str, str], clock: Clock, state: Path | None = None, pictures: Bytes = green_alone
) -> Callable[[Endpoint], Model]:
    """What `Client` wants: the model of an endpoint, made once and shared by all threads."""
    around = Surroundings(environment, clock, state, pictures)
    made: dict[Endpoint, Model] = {}
    lock = threading.Lock()

    def model_of(endpoint: Endpoint) -> Model:
        with lock:
            if endpoint not in made:
                made[endpoint] = WIRES[endpoint.wire](endpoint, around)
            return made[endpoint]

    return model_of

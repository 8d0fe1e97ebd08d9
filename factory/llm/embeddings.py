"""Vectors for texts, from the one endpoint that the settings name for it: an OpenAI-compatible server of yours."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from factory.contracts.errors import BadReply
from factory.contracts.model import Endpoint
from factory.llm.providers.faults import sdk_faults
from factory.llm.providers.openai import OpenAI

if TYPE_CHECKING:
    from factory.settings import Settings

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]


def embedder(
    settings: "Settings", environment: Mapping[str, str], keep: Callable[[Embed, Path, str], Embed], file: Path
) -> Embed | None:
    """None when `line.embeddings` names nobody. `keep` remembers vectors in `file`, by the model they are of.

    What it gives raises ModelProblem. Only a local endpoint can be named (Settings sees to that): no text leaves.
    """
    if not settings.line.embeddings:
        return None
    endpoint = settings.endpoint(settings.line.embeddings)
    return keep(lambda texts: vectors(endpoint, environment, texts), file, f"{endpoint.url} {endpoint.model}")


def vectors(endpoint: Endpoint, environment: Mapping[str, str], texts: Sequence[str]) -> list[list[float]]:
    """One vector a text, in their order, from `/v1/embeddings`. Raises ModelProblem."""
    import openai

    client = OpenAI(endpoint, environment).client
    with sdk_faults(openai, endpoint):
        answer = client.embeddings.create(model=endpoint.model, input=list(texts), encoding_format="float")
        found = [
            [float(value) for value in item.embedding] for item in sorted(answer.data, key=lambda each: each.index)
        ]
    if len(found) != len(texts) or len({len(vector) for vector in found}) != 1:
        raise BadReply(f"{endpoint.name} gave {len(found)} vectors for {len(texts)} texts, or not all of one length")
    return found

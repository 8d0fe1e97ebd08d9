"""What leaves through the port: every text without secrets, pictures as they are."""

import asyncio
import json
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from factory.contracts.model import Endpoint
from factory.llm.redact import Redaction, Sought
from factory.serve.outgoing import SKIPPED, Outgoing
from factory.serve.prepare import Prepared
from tests.serve.conftest import Start
from tests.serve.upstream_double import upstream, whole

CLOUD = Endpoint(name="cloud", wire="openai", tier="frontier")
SECRET = "my-own-value"
OUT = Outgoing(Redaction(b"k" * 32, (SECRET,)))


def prepared(body: bytes) -> Prepared:
    return Prepared("chat", "/v1/chat/completions", body, {}, 1, (), hide_usage=False)


def sent(text: str) -> str:
    body = json.dumps({"messages": [{"content": text}]}).encode()
    made = asyncio.run(OUT.redacted(prepared(body), CLOUD))
    found: str = json.loads(made.body)["messages"][0]["content"]
    return found


@pytest.mark.parametrize("filler", ["var a=1;", "KEY=value\n", '{"a":"b"},'])
def test_a_long_text_without_a_blank_is_still_a_text(filler: str) -> None:
    made = sent(filler * (SKIPPED // len(filler) + 1) + SECRET)
    assert SECRET not in made
    assert made.startswith(filler)


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_a_picture_is_left_as_it_is(head: str) -> None:
    picture = head + "iVBORw0KGgo/" * (SKIPPED // 12 + 1) + "AA=="
    assert sent(picture) == picture


class Waiting(Redaction):
    """Finds nothing before it is told to go on."""

    go_on = threading.Event()

    def found(self, texts: Iterable[str]) -> Sought:
        assert self.go_on.wait(30), "nobody else came to work meanwhile"
        return super().found(texts)


def test_others_work_while_a_text_is_searched() -> None:
    out = Outgoing(Waiting(b"k" * 32, (SECRET,)))

    async def others() -> None:
        Waiting.go_on.set()

    async def both() -> Prepared:
        made, _ = await asyncio.gather(out.redacted(prepared(json.dumps(SECRET).encode()), CLOUD), others())
        return made

    assert SECRET.encode() not in asyncio.run(both()).body
    out.close()


def test_the_port_answers_while_a_hostile_text_is_searched(box: Start) -> None:
    """How many small answers come before the large one depends on the machine; without a thread it was none."""
    hostile = "\n".join(f'password = "AKIA{n:016X}"' for n in range(8_000))
    with upstream(lambda body, number: [whole()]) as one, upstream(lambda body, number: [whole()]) as two:
        cloud = {"url": two.url, "tier": "frontier", "price_in": 0, "price_out": 0, "context": 4_000_000}
        gate = box(endpoints={"near": {"url": one.url}, "cloud": cloud}, serve={"ceiling": "frontier"})
        free = {"x-factory-ceiling": "frontier"}
        gate.chat(model="near")
        with ThreadPoolExecutor(1) as pool:
            large = pool.submit(gate.chat, free, model="cloud", messages=[{"role": "user", "content": hostile}])
            answered = 0
            while not large.done():
                assert gate.chat(model="near").status_code == 200
                answered += not large.done()
        assert large.result().status_code == 200, large.result().text
        assert answered >= 3
        assert b"AKIA" not in json.dumps(two.bodies[0]).encode()

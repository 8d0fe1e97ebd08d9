"""The golden files of tests/data/convert: what goes in and what must come out, both ways.

`uv run python -m tests.serve.convert.golden` writes what comes out anew; read the difference before keeping it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from factory.contracts.record import Json
from factory.serve.convert import chat_reply, messages_reply, to_chat, to_messages

DATA = Path(__file__).parent.parent.parent / "data" / "convert"
MODEL = "asked-for"
REQUESTS = {"to_messages": to_messages, "to_chat": to_chat}
REPLIES = {"chat_reply": chat_reply, "messages_reply": messages_reply}


def cases(folder: str, ending: str) -> list[Path]:
    """The files of a folder, by name."""
    found = sorted((DATA / folder).glob(f"*{ending}"))
    assert found, f"no golden file {folder}/*{ending}"
    return found


def load(path: Path) -> Json:
    value: Json = json.loads(path.read_text(encoding="utf-8"))
    return value


def events(text: str) -> Iterator[Json]:
    """The JSON of a stream's events, the closing mark left out."""
    for line in text.splitlines():
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line.removeprefix("data: "))


def streamed(folder: str, upstream: str) -> bytes:
    """What the client gets for an upstream's stream."""
    stream = chat_reply.Stream(MODEL, True) if folder == "chat_reply" else messages_reply.Stream(MODEL)
    return b"".join([stream.feed(event) for event in events(upstream)]) + stream.end()


def client_of(upstream: Path) -> Path:
    return upstream.with_name(upstream.name.replace(".upstream.", ".client."))


def rewrite() -> None:
    for folder, module in REQUESTS.items():
        for path in cases(folder, ".json"):
            case = load(path)
            case["out"], case["dropped"] = module.request(case["in"]), list(module.dropped(case["in"]))
            path.write_text(json.dumps(case, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for folder, reply in REPLIES.items():
        for path in cases(folder, ".json"):
            case = load(path)
            case["out"] = reply.whole(case["in"], MODEL)
            path.write_text(json.dumps(case, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        for path in cases(folder, ".upstream.sse"):
            client_of(path).write_bytes(streamed(folder, path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    rewrite()

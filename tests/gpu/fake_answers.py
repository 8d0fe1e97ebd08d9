"""Answers of the fake engine in the forms of /v1/chat/completions and /v1/messages, whole and streamed."""

import json
import socket
from collections.abc import Callable

Send = Callable[[int, object], None]


class Chat:
    """An answer in the form of /v1/chat/completions."""

    def __init__(self, link: socket.socket, send: Send, body: dict, prompt: int) -> None:
        self.link, self.send, self.body, self.prompt = link, send, body, prompt
        self.stream = bool(body.get("stream"))
        self.words: list[str] = []

    def begin(self) -> None:
        if self.stream:
            head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            self.link.sendall(head.encode())
            self.opened()

    def opened(self) -> None:
        self.chunk({"role": "assistant", "content": ""})

    def word(self, text: str) -> None:
        self.words.append(text)
        if self.stream:
            self.said(text)

    def said(self, text: str) -> None:
        self.chunk({"content": text})

    def chunk(self, delta: dict, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.event({**self.about("chat.completion.chunk"), "choices": [choice]})

    def event(self, value: object, name: str = "") -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        raw = (f"event: {name}\n" if name else "") + f"data: {text}\n\n"
        self.link.sendall(f"{len(raw.encode()):x}\r\n{raw}\r\n".encode())

    def about(self, kind: str) -> dict:
        return {"id": f"chatcmpl-{id(self):x}", "object": kind, "created": 1_780_000_000, "model": self.body["model"]}

    def usage(self) -> dict:
        count = len(self.words)
        return {"prompt_tokens": self.prompt, "completion_tokens": count, "total_tokens": self.prompt + count}

    def end(self, finish: str) -> None:
        if not self.stream:
            message = {"role": "assistant", "content": "".join(self.words)}
            choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
            return self.send(200, {**self.about("chat.completion"), "choices": [choice], "usage": self.usage()})
        self.chunk({}, finish)
        if (self.body.get("stream_options") or {}).get("include_usage"):
            self.event({**self.about("chat.completion.chunk"), "choices": [], "usage": self.usage()})
        self.event("[DONE]")
        return self.link.sendall(b"0\r\n\r\n")


class Messages(Chat):
    """An answer in the form of /v1/messages."""

    def opened(self) -> None:
        message = {**self.shell(), "usage": {"input_tokens": self.prompt, "output_tokens": 0}}
        self.event({"type": "message_start", "message": message}, "message_start")
        block = {"type": "text", "text": ""}
        self.event({"type": "content_block_start", "index": 0, "content_block": block}, "content_block_start")

    def said(self, text: str) -> None:
        delta = {"type": "text_delta", "text": text}
        self.event({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")

    def shell(self) -> dict:
        about = {"id": f"msg_{id(self):x}", "type": "message", "role": "assistant", "model": self.body["model"]}
        return {**about, "content": [], "stop_reason": None, "stop_sequence": None}

    def end(self, finish: str) -> None:
        reason = {"stop": "end_turn", "length": "max_tokens"}.get(finish, finish)
        usage = {"input_tokens": self.prompt, "output_tokens": len(self.words)}
        if not self.stream:
            content = [{"type": "text", "text": "".join(self.words)}]
            return self.send(200, {**self.shell(), "content": content, "stop_reason": reason, "usage": usage})
        self.event({"type": "content_block_stop", "index": 0}, "content_block_stop")
        delta = {"stop_reason": reason, "stop_sequence": None}
        self.event({"type": "message_delta", "delta": delta, "usage": usage}, "message_delta")
        self.event({"type": "message_stop"}, "message_stop")
        return self.link.sendall(b"0\r\n\r\n")

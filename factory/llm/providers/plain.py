"""A conversation as one text, for those who read nothing else: installed command lines."""

import json

from factory.contracts.model import Message, Request

TITLES = {"system": "Instructions", "user": "Message", "assistant": "Your earlier answer", "tool": "Result of a tool"}


def plain(request: Request) -> str:
    """The whole request as text: each message under a heading, tools and the output's form described at the end."""
    parts = [f"# {TITLES[message.role]}\n\n{_said(message)}" for message in request.messages]
    if request.output is not None:
        schema = json.dumps(request.output.body, ensure_ascii=False)
        parts.append(f"# Form of the answer\n\nOne JSON object and nothing else, of this JSON Schema:\n{schema}")
    return "\n\n".join(parts) + "\n"


def _said(message: Message) -> str:
    calls = "".join(f"\n{call.name}({call.arguments})" for call in message.calls)
    return message.text + calls

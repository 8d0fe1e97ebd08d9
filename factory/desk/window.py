"""A loop's history kept within the model's window: old tool outputs go first, the task never."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from factory.contracts.model import Message, Picture, Piece, Reply
from factory.llm.pictures import tokens_of
from factory.llm.tokens import MESSAGE_TOKENS, estimate

PREFIX = 2  # system and task: byte-identical from the first step to the last
ROOM = 0.6  # what is kept when something must go: a prefix cache then hits until the next time


@dataclass(frozen=True)
class Said:
    """One message of the history. `gone` is what is left of a tool's output when it is dropped ('' = never dropped)."""

    message: Message
    gone: str = ""
    pieces: tuple[Piece, ...] = ()  # what of the repository is in it

    @property
    def tokens(self) -> int:
        """An estimate on the safe side."""
        calls = "".join(call.name + call.arguments for call in self.message.calls)
        return estimate(self.message.text + calls) + MESSAGE_TOKENS + sum(map(tokens_of, self.message.pictures))

    @property
    def dropped(self) -> "Said":
        return Said(self.message.but(text=self.gone, pictures=()))


@dataclass(frozen=True)
class Result:
    """What a tool gave: the text for the model, and the line that stands for it once it is dropped."""

    text: str
    gone: str
    pieces: tuple[Piece, ...] = ()
    pictures: tuple[Picture, ...] = ()

    def __add__(self, other: "Result") -> "Result":
        return Result(f"{self.text}\n\n{other.text}", f"{self.gone} {other.gone}", self.pieces + other.pieces,
                      self.pictures + other.pictures)  # fmt: skip


class History:
    """What was said, oldest first; the first two are the system text and the task."""

    def __init__(self, system: str, task: str, pieces: tuple[Piece, ...]) -> None:
        self.said = [
            Said(Message(role="system", text=system)),
            Said(Message(role="user", text=task), pieces=pieces),
        ]

    def answered(self, reply: Reply, results: Sequence[tuple[str, Result]]) -> None:
        """An answer and what came of it: (call id, result) each. Results without a call share the first message."""
        self.said.append(Said(Message(role="assistant", text=reply.text, calls=reply.calls)))
        loose = [result for call, result in results if not call]
        called = [(call, result) for call, result in results if call]
        if loose:
            together = loose[0]
            for result in loose[1:]:
                together += result
            called[:1] = [(called[0][0], together + called[0][1])] if called else [("", together)]
        for call, result in called:
            role: Literal["tool", "user"] = "tool" if call else "user"
            message = Message(role=role, text=result.text, call_id=call, pictures=result.pictures)
            self.said.append(Said(message, result.gone, result.pieces))

    def refused(self, text: str, why: str) -> None:
        """An answer of which nothing was executed, and what to do instead."""
        self.said.append(Said(Message(role="assistant", text=text or "(no text)")))
        self.said.append(Said(Message(role="user", text=why)))

    def remind(self, text: str) -> None:
        """Add to the newest message: two of the same side in a row upset some chat templates."""
        last = self.said[-1]
        message = last.message.but(text=f"{last.message.text}\n\n{text}")
        self.said[-1] = replace(last, message=message, gone=last.gone and f"{last.gone} {text}")

    def fit(self, window: int) -> bool:
        """Once it overflows, drop tool outputs, oldest first, down to ROOM of the window. False: it still overflows."""
        total = sum(said.tokens for said in self.said)
        if total <= window:
            return True
        for at in range(PREFIX, len(self.said) - 1):
            if total <= window * ROOM:
                break
            said = self.said[at]
            if said.gone and said.gone != said.message.text:
                self.said[at] = said.dropped
                total += self.said[at].tokens - said.tokens
        return total <= window

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(said.message for said in self.said)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What of the repository it holds, each piece once."""
        return tuple(dict.fromkeys(piece for said in self.said for piece in said.pieces))

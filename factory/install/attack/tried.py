"""One row of the self-test: what was tried on this machine, what held, what to do when it did not."""

from typing import Literal

from factory.contracts.record import Record

Colour = Literal["green", "yellow", "red"]


class Tried(Record):
    """`red`: an attack got further than it may (exit code 1). `yellow`: it holds, by weaker means or less certainly."""

    id: str
    tried: str
    state: Colour
    held: str  # what stopped it, or what happened
    remedy: str = ""  # what to do about it, with the setting's name; "" when green


class Attack(Record):
    """What is going to be tried; one object gives one row."""

    id: str
    tried: str

    def held(self, how: str) -> Tried:
        return Tried(id=self.id, tried=self.tried, state="green", held=how)

    def weak(self, how: str, remedy: str) -> Tried:
        return Tried(id=self.id, tried=self.tried, state="yellow", held=how, remedy=remedy)

    def broke(self, how: str, remedy: str) -> Tried:
        return Tried(id=self.id, tried=self.tried, state="red", held=how, remedy=remedy)

    def judged(self, bad: str, how: str, remedy: str) -> Tried:
        """Green with `how` when nothing bad was seen, else red."""
        return self.broke(bad, remedy) if bad else self.held(how)

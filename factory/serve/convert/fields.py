"""Reading JSON that somebody else wrote: a wrong type is a problem with a name, never a KeyError or TypeError."""

from dataclasses import dataclass
from typing import Any

from factory.contracts.record import Json
from factory.serve.convert.problems import BadEvent, Unconvertible

LONGEST_NAME = 60  # characters of a client's own words in one of our sentences

Dropped = dict[str, None]
"""Names of fields that are left out, in the order they were met."""


@dataclass(frozen=True)
class Fields:
    """Checked reading; `where` names the field in the sentence of the problem."""

    problem: type[ValueError]

    def mapping(self, value: object, where: str) -> Json:
        if isinstance(value, dict):
            return value
        raise self.problem(f"{where} is not an object.")

    def mappings(self, value: object, where: str) -> list[Json]:
        """A list of objects; None is an empty one."""
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.problem(f"{where} is not a list of objects.")
        return value

    def text(self, value: object, where: str) -> str:
        if isinstance(value, str):
            return value
        raise self.problem(f"{where} is not a string.")

    def words(self, value: object, where: str) -> str:
        """A string; None is an empty one."""
        return "" if value is None else self.text(value, where)

    def count(self, value: object, where: str) -> int:
        """A whole number, not negative; None is 0."""
        if value is None:
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise self.problem(f"{where} is not a count.")

    def kind(self, value: Json, where: str) -> str:
        """The object's `type`."""
        return self.text(value.get("type"), f"{where}.type")


ASKED = Fields(Unconvertible)
HEARD = Fields(BadEvent)


def shown(name: Any) -> str:
    """A client's own word, quoted and not too long."""
    return repr(str(name)[:LONGEST_NAME])

"""What an audit by rules found in a change: the elements of its data flow, the ways through it, what is wrong."""

from factory.contracts.finding import Finding
from factory.contracts.record import Field, Record


class Element(Record):
    """An entry, or a place where values leave the program's own hands. `kind` is a row of the STRIDE table."""

    id: str  # "E1", "B2"
    kind: str = Field(max_length=40)
    name: str = Field(max_length=200)  # "POST /login", a function of a library
    path: str
    line: int = Field(ge=1)
    within: str = Field(default="", max_length=200)  # function
    asks: str = Field(default="", max_length=6)  # STRIDE letters


class Way(Record):
    """A stranger's value on its way to such a place."""

    id: str  # "W1"
    source: str = Field(max_length=200)
    steps: tuple[str, ...] = ()  # "src/app.py:12"
    to: str = Field(max_length=200)
    checked: bool = False  # made harmless on the way, as far as rules can see


class Audited(Record):
    elements: tuple[Element, ...] = ()
    ways: tuple[Way, ...] = ()
    findings: tuple[Finding, ...] = ()
    omitted: int = 0  # elements that were left out of the list

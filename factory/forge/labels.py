"""The labels the factory listens to and sets: name, colour, what they mean. One table for the gate, the jobs and
`factory init`."""

from factory.contracts.record import Field, Record
from factory.contracts.ticket import Purpose


class Label(Record):
    name: str = Field(max_length=50)  # GitHub's limits
    color: str = Field(pattern=r"^[0-9a-f]{6}$")
    description: str = Field(max_length=100)
    starts: Purpose | None = None


LABELS = (
    Label(name="agent:local", color="1d76db", description="Starts the whole line on your box", starts="local"),
    Label(name="agent:demiurge", color="1d76db", description="Starts one fix on your box", starts="demiurge"),
    Label(name="agent:swarm", color="5319e7", starts="swarm",
          description="Plans and writes on hosted runners, refines on the box"),
    Label(name="factory:draft", color="ededed", description="A draft of the factory's: not accepted by its judge"),
    Label(name="factory:ready", color="0e8a16", description="Accepted by the factory's judge; a person decides"),
    Label(name="factory:failed", color="b60205", description="The factory gave up here: see its status comment"),
    Label(name="factory:tracking", color="ededed", description="The units of one of the factory's plans, as a list"),
    Label(name="factory:finding", color="c5def5", description="Found by the factory's nightly hunt; closed when gone"),
    Label(name="factory:night", color="c5def5", description="The night may take this up; see docs/hunt.md"),
    Label(name="factory:alert", color="b60205", description="The factory itself is in trouble: closed when it is well"),
    Label(name="factory:needs-person", color="fbca04", description="A person must look before anything goes on"),
    Label(name="factory:dependency-change", color="fbca04", description="Changes what gets installed: look closely"),
)  # fmt: skip
TRIGGERS: dict[str, Purpose] = {label.name: label.starts for label in LABELS if label.starts}


def label(name: str) -> Label:
    return next(each for each in LABELS if each.name == name)

"""The labels the factory listens to and sets: name, colour, what they mean."""

from factory.contracts.record import Record


class Label(Record):
    name: str
    color: str  # six hex digits
    description: str  # at most 100 characters, GitHub's limit


LABELS = (
    Label(name="agent:local", color="1d76db", description="Starts the whole line on your box"),
    Label(name="agent:demiurge", color="1d76db", description="Starts one fix on your box"),
    Label(name="agent:swarm", color="5319e7", description="Plans and writes on hosted runners, refines on the box"),
    Label(name="factory:draft", color="ededed", description="A draft of the factory's: not accepted by its judge"),
    Label(name="factory:ready", color="0e8a16", description="Accepted by the factory's judge; a person decides"),
    Label(name="factory:failed", color="b60205", description="The factory gave up here: see its status comment"),
    Label(name="factory:needs-person", color="fbca04", description="A person must look before anything goes on"),
    Label(name="factory:dependency-change", color="fbca04", description="Changes what gets installed: look closely"),
)
TRIGGERS = ("agent:local", "agent:demiurge", "agent:swarm")

"""The tools that a model is told of: those that its grant covers, in one order for all units of a role and a run."""

from factory.contracts.grant import TESTS, Grant
from factory.contracts.model import ToolSpec


def offered(specs: tuple[ToolSpec, ...], grant: Grant, has: frozenset[str]) -> tuple[ToolSpec, ...]:
    """`specs` are all there are; `has`: which of `reason` and `history` the machinery can really do here.

    Nothing of a unit goes in: the prompt's first part stays byte-identical from one unit to the next.
    """
    found = []
    commands = [f"`{name}`" for name in grant.execute if name != TESTS]
    for spec in specs:
        if spec.name != "finish" and spec.name not in grant.tools:
            continue
        if spec.name in ("reason", "history") and spec.name not in has:
            continue
        if spec.name == "run_command":
            spec = spec.but(description=f"{spec.description} {'; '.join(commands)}")
        found.append(spec)
    return tuple(found)

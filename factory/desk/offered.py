"""The tools that a model is told of, in one order.

For most servers the list is the very beginning of a prompt. It is the same for all roles of a run that write, or none
of them could use what the prefix cache holds of another.
"""

from collections.abc import Iterable

from factory.contracts.grant import STANDARD, TESTS, Grant
from factory.contracts.model import ToolSpec

OPTIONAL = ("reason", "history", "screenshot")  # not everywhere


def offered(
    specs: tuple[ToolSpec, ...], grant: Grant, has: frozenset[str], narrowed: bool, pages: Iterable[str] = ()
) -> tuple[ToolSpec, ...]:
    """`specs` are all there are; `has`: which of OPTIONAL the machinery can really do here; `pages`: its servers.

    Whoever writes is told of the tools of all who write, and a call beyond the grant is denied with a reason. A role
    whose grant the settings `narrowed` is told of its own alone. Nothing of a unit goes in.
    """
    own = set(grant.tools)
    standard = STANDARD.get(grant.role)
    if standard and standard.writes and not narrowed:
        own |= shared()
    commands = [f"`{name}`" for name in grant.execute if name != TESTS]
    found = []
    for spec in specs:
        if spec.name != "finish" and spec.name not in own:
            continue
        if spec.name in OPTIONAL and spec.name not in has:
            continue
        if spec.name == "run_command":
            spec = spec.but(description=f"{spec.description} {'; '.join(commands)}")
        if spec.name == "screenshot":
            spec = _with_servers(spec, sorted(pages))
        found.append(spec)
    return tuple(found)


def _with_servers(spec: ToolSpec, names: list[str]) -> ToolSpec:
    """The argument `server` with the names it takes; without any it is left out."""
    fields = dict(spec.parameters["properties"])
    server = fields.pop("server")
    text = spec.description
    if names:
        fields["server"] = {**server, "enum": names}
        text = f"{text} Servers: {', '.join(names)}."
    return spec.but(description=text, parameters={**spec.parameters, "properties": fields})


def shared() -> frozenset[str]:
    """What somebody who writes may use without any setting. A command is always an owner's."""
    tools = {name for standard in STANDARD.values() if standard.writes for name in standard.tools}
    return frozenset(tools - {"run_command"})

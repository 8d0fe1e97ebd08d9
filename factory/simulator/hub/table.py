"""Which modules of handlers the GitHub double has. A new one is added here."""

from types import ModuleType

from factory.simulator.hub.routes import Table, collect


def table() -> Table:
    modules: tuple[ModuleType, ...] = ()
    return Table(collect(modules))

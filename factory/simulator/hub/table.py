"""Which modules of handlers the GitHub double has. A new one is added here."""

from factory.simulator.hub import (
    apps,
    comments,
    gitdata,
    graphql,
    issues,
    labels,
    pulls,
    reactions,
    repos,
    reviews,
)
from factory.simulator.hub.routes import Table, collect

MODULES = (apps, comments, gitdata, graphql, issues, labels, pulls, reactions, repos, reviews)


def table() -> Table:
    return Table(collect(MODULES))

"""Which modules of handlers the GitHub double has. A new one is added here."""

from factory.simulator.hub import (
    action_settings,
    actions,
    apps,
    checks,
    code_scanning,
    comments,
    dispatches,
    gitdata,
    graphql,
    issues,
    labels,
    pulls,
    rate_limit,
    reactions,
    repos,
    reviews,
)
from factory.simulator.hub.routes import Table, collect

MODULES = (
    action_settings, actions, apps, checks, code_scanning, comments, dispatches, gitdata, graphql, issues, labels,
    pulls, rate_limit, reactions, repos, reviews,
)  # fmt: skip


def table() -> Table:
    return Table(collect(MODULES))

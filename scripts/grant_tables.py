"""The table of docs/agents.md: what each role is granted."""

from factory.contracts.grant import STANDARD, TOOLS, Standard
from scripts.settings_page import table


def grants() -> str:
    """Roles that have the same are one row."""
    rows: dict[Standard, list[str]] = {}
    for role, standard in STANDARD.items():
        rows.setdefault(standard, []).append(f"`{role}`")
    head = ("roles", "tools", "executes", "installs", "`reason`")
    return table(head, [(", ".join(roles), *_row(standard)) for standard, roles in rows.items()])


def _row(standard: Standard) -> tuple[str, ...]:
    tools = ", ".join(f"`{name}`" for name in TOOLS if name in standard.tools)
    executes = ", ".join(standard.execute) or "nothing"
    return tools, executes, standard.network, f"${standard.money / 1e6:.2f}"

"""A page as assistive technology hears it: roles, names and states, a line each, indented."""

import json

from factory.sandbox.inside.browser.pipe import Json

MOST, LEVELS, LINE = 250, 12, 300
SILENT = ("InlineTextBox", "LineBreak", "ListMarker", "none", "generic", "RootWebArea", "Iframe")
STATES = ("level", "checked", "pressed", "expanded", "disabled", "required", "invalid", "selected", "modal")
NAMED = ("button", "checkbox", "combobox", "dialog", "heading", "image", "img", "link", "listbox", "menuitem", "radio",
         "searchbox", "slider", "spinbutton", "switch", "tab", "textbox", "video")  # fmt: skip
"""Roles that need a name: without one they are a defect, which is said."""
PARTS = ("alert", "article", "banner", "complementary", "contentinfo", "form", "list", "main", "menu", "navigation",
         "region", "row", "search", "status", "table")  # fmt: skip
"""Roles that say something without a name."""


def outline(nodes: list[Json]) -> str:
    """`nodes` as Accessibility.getFullAXTree gives them, the root first."""
    known = {node["nodeId"]: node for node in nodes}
    todo: list[tuple[str, int, str]] = [(nodes[0]["nodeId"], 0, "")] if nodes else []
    lines: list[str] = []
    while todo and len(lines) < MOST:
        number, depth, above = todo.pop()
        node = known.pop(number, None)
        if node is None:
            continue
        role, name = _text(node, "role"), " ".join(_text(node, "name")[: LINE * 2].split())[:LINE]
        silent = bool(node.get("ignored")) or role in SILENT or (role == "StaticText" and name in above)
        if not silent and (name or role in NAMED or role in PARTS):
            lines.append("  " * min(depth, LEVELS) + _line(node, "text" if role == "StaticText" else role, name))
            depth, above = depth + 1, f"{name} {_text(node, 'value')}"
        todo += [(child, depth, above) for child in reversed(node.get("childIds") or [])]
    return "\n".join([*lines, *(["(the rest of the page is left out)"] if todo else [])])


def _text(node: Json, key: str) -> str:
    return str((node.get(key) or {}).get("value") or "")


def _line(node: Json, role: str, name: str) -> str:
    facts = {each["name"]: (each.get("value") or {}).get("value") for each in node.get("properties") or []}
    states = [key if facts[key] is True or facts[key] == "true" else f"{key} {facts[key]}" for key in STATES
              if facts.get(key) not in (None, False, "false", "")]  # fmt: skip
    label = json.dumps(name, ensure_ascii=False) if name else "(no name)" if role in NAMED else ""
    value = _text(node, "value")[:100]
    parts = [role, label, f"({', '.join(states)})" if states else "", f"= {json.dumps(value)}" if value else ""]
    return " ".join(filter(None, parts))

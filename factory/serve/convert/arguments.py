"""A tool call's arguments: text on the chat wire, an object on the messages wire."""

import json
import re
from collections.abc import Callable
from typing import Any

from factory.contracts.record import Json, digest

FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")  # what an id on the messages wire may not hold


def read(arguments: Any) -> Json:
    """The object; nothing is {}. What is no object is shown to its reader as the model wrote it."""
    if isinstance(arguments, dict):
        return arguments
    try:
        value = json.loads(arguments) if str(arguments or "").strip() else {}
    except (ValueError, TypeError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"unreadable": arguments}


def written(value: Json, problem: Callable[[str], ValueError], where: str) -> str:
    """The text; raises `problem` when the object cannot be written."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        raise problem(f"{where} cannot be written as JSON.") from None


def fitting_id(call_id: str) -> str:
    """The id itself where the messages wire takes it, else one made of it: the same for a call and its result."""
    clean = FOREIGN.sub("_", call_id)
    return clean if clean == call_id else f"{clean}_{digest(call_id)[:8]}"

"""What a probe printed, read as what it is: output of a place that is not trusted."""

import json
from typing import Any

NOTHING = "the probe"


def said(output: str) -> dict[str, Any]:
    """The last line as JSON. A probe that did not get that far proves nothing, so it counts as a way out."""
    try:
        found = json.loads(output.strip().rpartition("\n")[2])
    except ValueError:
        return {NOTHING: "worked"}
    return found if isinstance(found, dict) else {NOTHING: "worked"}

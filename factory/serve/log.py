"""What the gateway says while it runs: a line for what went wrong or changed, without any prompt."""

import json
import sys
from dataclasses import dataclass, field
from typing import TextIO

from factory.contracts.record import Json
from factory.contracts.seams import Clock

LONGEST = 500  # characters of one value


@dataclass(frozen=True)
class Log:
    """Lines of JSON on standard error: time, event, facts."""

    clock: Clock
    out: TextIO = field(default_factory=lambda: sys.stderr)

    def __call__(self, event: str, facts: Json) -> None:
        cut = LONGEST if event != "prompt" else None  # which the owner has asked for
        shown = {name: value[:cut] if isinstance(value, str) else value for name, value in facts.items()}
        line = json.dumps({"at": self.clock.now(), "event": event, **shown}, ensure_ascii=True, default=str)
        self.out.write(line + "\n")
        self.out.flush()

"""What an agent may do at one place of a run: a grant, the uses it is asked about, the answers, the settings.

Who makes and asks it: factory/desk/grants.py. The table at the end is what each role has unless settings differ.
"""

import re
from decimal import Decimal
from typing import Literal

from factory.contracts.model import Tier
from factory.contracts.record import Field, Record, field_validator, model_validator

Network = Literal["none", "index"]
TESTS = "tests"  # in `execute`: the repository's own tests; anything else there is one command, word for word
TOOLS = (
    "edit", "read_file", "search", "list_files", "graph", "recall", "history", "package", "reason", "run_tests",
    "run_command", "screenshot",
)  # fmt: skip
"""All that can be granted. `edit` stands for edit blocks; `finish` needs no grant; MCP tools are granted by server."""


class Grant(Record):
    """What one role may do for one unit of one run, until when. Without a valid signature it is nothing."""

    run: str
    role: str
    unit: str  # '' where no unit is worked on
    tools: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()  # globs
    writes: tuple[str, ...] = ()  # globs: the unit's lease
    execute: tuple[str, ...] = ()  # "tests", and commands word for word
    network: Network = "none"  # "index": what runs may first have packages installed
    mcp: tuple[str, ...] = ()  # servers by name
    money: int = 0  # micro-dollars that `reason` may use
    issued: str
    expires: str  # ISO 8601, UTC, as the clock writes it
    signature: str = ""


class Use(Record):
    """One use of a tool, as it is asked about and journalled: a digest instead of the arguments."""

    tool: str
    arguments: str  # SHA-256
    paths: tuple[str, ...] = ()  # that it names to be read
    execute: str = ""
    network: Network = "none"  # what it needs
    server: str = ""  # MCP


class Ruling(Record):
    """May it be done? If not: why, and what would be allowed, both written for the model."""

    allowed: bool
    why: str = ""
    instead: str = ""


class GrantSettings(Record):
    """What a role is granted; what is not set stays as the table in docs/agents.md has it."""

    tools: tuple[str, ...] | None = Field(default=None, description="tools of the loop, `edit` among them; all of them")
    reads: tuple[str, ...] | None = Field(default=None, description="globs of files it may be shown")
    execute: tuple[str, ...] | None = Field(
        default=None, description="`tests`, and commands that `run_command` may run in the sandbox, word for word"
    )
    network: Network | None = Field(
        default=None, description="`index`: its tests may need packages installed; `none`: not after a change of those"
    )
    mcp: tuple[str, ...] | None = Field(default=None, description="MCP servers by name whose tools it may use")
    reason_usd: Decimal | None = Field(default=None, ge=0, description="dollars a unit may spend on `reason`")

    @field_validator("tools")
    @classmethod
    def _known(cls, tools: tuple[str, ...] | None) -> tuple[str, ...] | None:
        strange = next((name for name in tools or () if name not in TOOLS), None)
        if strange is not None:
            raise ValueError(f"{strange!r} is no tool: there are {', '.join(TOOLS)}")
        return tools


class McpSettings(Record):
    """A server of the Model Context Protocol whose tools roles may be granted."""

    command: tuple[str, ...] = Field(default=(), description="program and arguments of a server on this machine")
    url: str = Field(default="", description="or the address of one that speaks streamable HTTP")
    env: tuple[str, ...] = Field(default=(), description="names of environment variables that the command gets")
    tools: tuple[str, ...] = Field(min_length=1, description="names of its tools that may be used")
    key_env: str = Field(default="", description="name of the variable with the key that a url asks for (Bearer)")
    tier: Tier = Field(
        default="local",
        description="where it is, or where its command sends things: `[egress]` of that tier counts, and the ceiling",
    )
    start_s: float = Field(default=60, gt=0, le=300, description="seconds until it must have listed its tools")
    call_s: float = Field(default=60, gt=0, le=600, description="seconds one call may take")
    most_chars: int = Field(default=8_000, ge=200, le=50_000, description="characters of a result that are shown")

    @model_validator(mode="after")
    def _one_way_to_it(self) -> "McpSettings":
        if bool(self.command) == bool(self.url):
            raise ValueError("give either command or url")
        if self.url and not re.match(r"https?://", self.url):
            raise ValueError("url must begin with http:// or https://")
        if self.url and self.env:
            raise ValueError("env counts for a command only")
        if self.command and self.key_env:
            raise ValueError("key_env counts for a url only: name the variable in env")
        return self


class Standard(Record):
    """What a role has without settings, and the most that settings can make of it."""

    tools: tuple[str, ...]
    execute: tuple[str, ...] = ()
    network: Network = "none"
    writes: bool = False  # false: no setting gives it `edit`
    money: int = 0


_LOOK = ("read_file", "search", "list_files", "graph", "recall", "history", "package")
_READER = Standard(tools=_LOOK)
_WRITER = Standard(tools=("edit", *_LOOK), writes=True)
_MAKER = Standard(
    tools=("edit", *_LOOK, "reason", "run_tests", "run_command"), execute=(TESTS,), network="index", writes=True,
    money=250_000,
)  # fmt: skip

_LOOKER = _MAKER.but(tools=(*_MAKER.tools, "screenshot"))

STANDARD: dict[str, Standard] = {
    "atlas": _READER, "frontend": _MAKER, "backend": _MAKER, "integration": _MAKER, "unit": _MAKER, "qa": _MAKER,
    "visual": _LOOKER, "scribe": _WRITER, "threat": _READER, "injection": _READER, "hydra": _READER,
    "demiurge": _MAKER, "genesis": _READER,
}  # fmt: skip
"""By role. Planners, reviewers, auditors and the judge only look; a role that is not here may do nothing."""

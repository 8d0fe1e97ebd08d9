"""What the desks of one run work with; made once, in app.py."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from factory.codegraph.view import View as Code
from factory.contracts.memory import Lessons, Question
from factory.contracts.model import Tier
from factory.contracts.record import Json
from factory.contracts.screen import Seen, View
from factory.contracts.seams import Blobs, Scope, Trees
from factory.desk.grants import Issuer
from factory.desk.history_tool import Past
from factory.desk.mcp_tools import Connect
from factory.edits.paths import PathPolicy
from factory.llm.client import Client
from factory.prompting import Prompts
from factory.settings import Settings


@dataclass(frozen=True)
class Tools:
    """The machinery behind every desk of a run. `run_tests(tree, selection, scope)` journals its own steps."""

    client: Client
    prompts: Prompts
    trees: Trees
    blobs: Blobs
    policy: PathPolicy
    settings: Settings
    note: Callable[[str, Json], None]
    run_tests: Callable[[str, str, Scope], str]
    issuer: Issuer
    clock: Callable[[], float] = time.monotonic
    withheld: Callable[[str, Tier], str] = lambda path, tier: ""  # why a file may not go to endpoints of a tier
    view: Callable[[str], Code] | None = None  # the code graph of a tree; None: the tool `graph` says it has none
    recall: Callable[[Question], Lessons] = lambda question: Lessons()
    history: Past | None = None
    package: Callable[[str, Scope], str] = lambda name, scope: "nothing is known of it here."
    command: Callable[[str, str, Scope], str] = lambda tree, command, scope: "commands cannot be run here."
    screenshot: Callable[[View, Scope], Seen] | None = None
    connect: Connect | None = None  # to MCP servers

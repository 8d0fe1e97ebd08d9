"""What the checks work with, and one piece of their work."""

from collections.abc import Callable
from dataclasses import dataclass

from factory.checks.kind import Suite
from factory.checks.source import Source
from factory.contracts.sandbox import Sandbox
from factory.contracts.seams import Blobs, Trees
from factory.contracts.tables import CheckSettings


@dataclass(frozen=True)
class Bench:
    """What the checks work with."""

    trees: Trees
    sandbox: Sandbox
    blobs: Blobs
    settings: CheckSettings
    when: str  # ISO date of the base commit: SOURCE_DATE_EPOCH's text form for reproducible builds
    base: str = ""  # the base's tree, where it is known: see environment.py
    admit: Callable[[str], None] = lambda run: None  # asked before each batch: raises Stopped when the run had enough


@dataclass(frozen=True)
class Errand:
    """One suite on one tree; `setup_from` is the tree whose dependencies it runs with."""

    suite: Suite
    source: Source
    setup_from: Source

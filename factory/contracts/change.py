"""Changes: what a unit did to the tree, as git objects."""

from typing import Literal

from factory.contracts.finding import Finding
from factory.contracts.record import Record


class Edit(Record):
    """One parsed edit block. `replace` carries search and replacement; `write` the whole text; `rename` the target."""

    kind: Literal["replace", "write", "delete", "rename"]
    path: str
    search: str = ""
    text: str = ""
    target: str = ""


class FileChange(Record):
    """One path's new state. A rename is a delete and a write."""

    path: str
    op: Literal["write", "delete"]
    mode: str = "100644"
    oid: str = ""  # git blob in the run's object store
    size: int = 0


class Change(Record):
    """What one unit (or one fix) produced against `base`."""

    unit: str
    role: str
    title: str
    base: str  # tree the work started from
    files: tuple[FileChange, ...] = ()
    models: tuple[str, ...] = ()  # models that wrote it, as the servers named them
    steps: int = 0
    summary: str = ""  # the author's own words: never evidence
    notes: tuple[str, ...] = ()  # what the machine did on the way, e.g. "fuzzy match at a.py:12"
    reproduction: str = ""  # shell command that shows the bug, run on base and candidate
    error: str = ""  # why there is no change


class Wave(Record):
    """One fan-out merged: which units came in, the tree after them, and what was rejected."""

    n: int
    changes: tuple[Change, ...]
    trees: tuple[str, ...]  # tree after each accepted change, same order as `changes` (unchanged when rejected)
    tree: str
    findings: tuple[Finding, ...] = ()

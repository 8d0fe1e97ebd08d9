"""Fleets for one small repository and one recorded conversation."""

import json
from pathlib import Path
from typing import Any

from tests.line.machines import Fleet
from tests.line.targets import repository
from tests.line.test_ways import CODE, ISSUE, TEST

ENDPOINT = '[endpoints.box]\nwire = "scripted"\nscript = "box.json"\nmodel = "recorded"\n'
REST = '[line]\ncoding = "write"\n[checks]\nlint = false\n'


def small(folder: Path, replies: list[dict[str, Any]], more: str = "") -> Fleet:
    """One function, one recorded conversation."""
    files: dict[str, str | bytes] = {"hello.py": CODE, "README.md": "x\n"}
    origin = repository(folder / "origin", {**files, "tests/__init__.py": "", "tests/test_hello.py": TEST})
    (folder / "box.json").write_text(json.dumps({"label": "test", "replies": replies}))
    (folder / "factory.toml").write_text(f"{ENDPOINT}{more}{REST}")
    (folder / "7.md").write_text(ISSUE)
    return Fleet(folder, origin, folder / "factory.toml", folder / "7.md")


PRICED = 'tier = "frontier"\nprice_in = 3\nprice_out = 15\n'
LINE = '[line]\ncoding = "write"\nceiling = "frontier"\nescalate_to = "frontier"\n[checks]\nlint = false\n'


def priced(folder: Path, replies: list[dict[str, Any]]) -> Fleet:
    fleet = small(folder, replies)
    (folder / "factory.toml").write_text(f"{ENDPOINT}{PRICED}{LINE}")
    return fleet

"""The base's test configuration put into a candidate's file, the rest of it untouched."""

import json
import tomllib

from factory.checks.sections import restored

BASE = b"""[project]
name = "a"
dependencies = []

[tool.pytest.ini_options]
addopts = "-q"

[tool.ruff]
line-length = 100
"""


def test_pyproject_tables() -> None:
    candidate = BASE.replace(b"dependencies = []", b'dependencies = ["six"]').replace(b'"-q"', b'"-q --ignore=tests"')
    data = restored("pyproject.toml", BASE, candidate)
    assert data is not None
    values = tomllib.loads(data.decode())
    assert values["project"]["dependencies"] == ["six"]
    assert values["tool"]["pytest"]["ini_options"]["addopts"] == "-q"
    assert values["tool"]["ruff"] == {"line-length": 100}


def test_a_table_added_by_the_candidate_goes() -> None:
    base = BASE.split(b"[tool.pytest")[0]
    data = restored("pyproject.toml", base, BASE)
    assert data is not None
    assert "pytest" not in tomllib.loads(data.decode())["tool"]


def test_headers_inside_strings_are_text() -> None:
    candidate = BASE + b'\n[tool.x]\ntext = """\n[tool.pytest.ini_options]\naddopts = "no"\n"""\n'
    data = restored("pyproject.toml", BASE, candidate)
    assert data is not None
    assert "[tool.pytest" in tomllib.loads(data.decode())["tool"]["x"]["text"]


def test_what_cannot_be_taken_apart_is_said() -> None:
    assert restored("pyproject.toml", BASE, b'tool.pytest.ini_options.addopts = "no"\n') is None
    assert restored("pyproject.toml", BASE, b"not toml [") is None
    assert restored("package.json", b"{}", b"[]") is None


def test_setup_cfg_sections() -> None:
    base = b"[metadata]\nname = a\n\n[tool:pytest]\naddopts = -q\n"
    candidate = b"[metadata]\nname = b\n\n[tool:pytest]\naddopts = --collect-only\n"
    data = restored("setup.cfg", base, candidate)
    assert data is not None
    assert b"name = b" in data
    assert b"-q" in data
    assert b"collect-only" not in data


def test_package_json_scripts_and_runner_settings() -> None:
    base = json.dumps({"scripts": {"test": "jest", "build": "x"}, "jest": {"bail": True}}).encode()
    candidate = json.dumps({"scripts": {"test": "true", "build": "y", "pretest": "rm -rf tests"}, "mocha": {}}).encode()
    data = restored("package.json", base, candidate)
    assert data is not None
    assert json.loads(data) == {"scripts": {"test": "jest", "build": "y"}, "jest": {"bail": True}}

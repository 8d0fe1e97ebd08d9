"""`factory agents install`: prints for all, writes one file where the person says, never over one."""

import json
from pathlib import Path

import pytest

from factory.cli.main import exit_code


def install(folder: Path, *arguments: str, config: str = "") -> int:
    (folder / "factory.toml").write_text(config)
    return exit_code(["agents", "install", "--config", str(folder / "factory.toml"), *arguments])


def test_it_prints_every_client_with_its_tiers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install(tmp_path) == 0
    out = capsys.readouterr().out
    for words in ("# Claude Code", "# Codex CLI", "# aider", "# mini-swe-agent", "# Continue", "edits: deep-coder"):
        assert words in out
    assert "http://127.0.0.1:4100" in out


def test_address_and_window_come_from_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = """
[serve]
host = "::1"
port = 4200
[endpoints.small]
wire = "openai"
url = "http://127.0.0.1:1/v1"
model = "m"
context = 32768
max_output = 4096
"""
    assert install(tmp_path, "--client", "claude-code", "--json", config=config) == 0
    settings = json.loads(json.loads(capsys.readouterr().out)[0]["files"][0]["text"])
    assert settings["env"]["ANTHROPIC_BASE_URL"] == "http://[::1]:4200"
    assert settings["env"]["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "32768"
    assert settings["env"]["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == "4096"


def test_it_writes_only_the_file_that_was_named_and_only_once(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    assert install(tmp_path, "--client", "claude-code", "--url", "http://box:4100/v1/", "--write", str(file)) == 0
    assert json.loads(file.read_text())["env"]["ANTHROPIC_BASE_URL"] == "http://box:4100"
    file.write_text("mine")
    assert install(tmp_path, "--client", "claude-code", "--write", str(file)) == 2
    assert file.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["factory.toml", "settings.json"]


def test_of_several_files_the_name_says_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install(tmp_path, "--client", "codex", "--write", str(tmp_path / "plan.config.toml")) == 0
    assert (tmp_path / "plan.config.toml").read_text() == 'model = "deep-logic"\n'
    assert install(tmp_path, "--client", "codex", "--write", str(tmp_path / "some.toml")) == 2
    assert "config.toml and plan.config.toml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--client", "emacs"), "There is no client 'emacs'"),
        (("--write", "x.json"), "name it with --client"),
        (("--url", "ftp://box"), "http://127.0.0.1:4100"),
        (("--url", 'http://box"\nmodel = "x'), "http://127.0.0.1:4100"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert install(tmp_path, *arguments) == 2
    assert says in capsys.readouterr().err

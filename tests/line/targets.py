"""Repositories and recorded answers to walk the line on. Real git, real processes; nothing is patched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
SHOP = ROOT / "examples" / "shop"
FACTORY = (sys.executable, "-m", "factory.cli")


def git(repo: Path, *arguments: str) -> str:
    who = {"GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "T", "GIT_COMMITTER_EMAIL": "t@t"}
    done = subprocess.run(
        ["git", *arguments], cwd=repo, env={**os.environ, **who}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, str | bytes]) -> Path:
    """A git repository with one commit."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def shop(folder: Path) -> Path:
    """The demo's shop as a fresh repository."""
    shutil.copytree(SHOP / "repo", folder, ignore=shutil.ignore_patterns("__pycache__"))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def answers(name: str) -> dict[str, Any]:
    """The demo's recorded answers without their delays."""
    script: dict[str, Any] = json.loads((SHOP / f"{name}.json").read_text(encoding="utf-8"))
    for reply in script["replies"]:
        reply.pop("delay_s", None)
    return script


def shop_settings(folder: Path) -> Path:
    """The demo's settings over answers without delays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("box", "frontier"):
        (folder / f"{name}.json").write_text(json.dumps(answers(name)))
    shutil.copy(SHOP / "factory.toml", folder / "factory.toml")
    return folder / "factory.toml"


def factory(
    state: Path, *arguments: str | Path, seconds: float = 180, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`factory …` in a process of its own, with its own state folder."""
    return subprocess.run(
        [*FACTORY, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=seconds,
        cwd=state.parent,
        env={**os.environ, "FACTORY_STATE": str(state), **environment},
    )  # fmt: skip


def result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What `--json` printed."""
    assert done.stdout.strip(), done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value

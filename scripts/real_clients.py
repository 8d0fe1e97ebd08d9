"""Real clients of the gateway, each in an environment of its own in the cache folder, for tests/clients.

    python -m scripts.real_clients [NAME ...]      install what is not there; prints the commands

Versions: what was tried together with the set-ups of factory/serve/clients.py.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from factory.places import cache_folder

NPM = {
    "claude-code": ("claude", "@anthropic-ai/claude-code@2.1.329"),
    "codex": ("codex", "@openai/codex@0.169.0"),
    "continue": ("cn", "@continuedev/cli@1.5.47"),
}
PYPI = {
    "aider": ("aider", "aider-chat==0.86.2"),
    "mini-swe-agent": ("mini", "mini-swe-agent==2.4.6", "litellm==1.106.2", "mcp>=2.2,<3"),
}


def command_of(name: str) -> Path:
    """Its executable; installed first when it is not there. Needs the package registries then."""
    command, *packages = (NPM | PYPI)[name]
    version = packages[0].rpartition("=" if name in PYPI else "@")[2]
    place = cache_folder() / "clients" / f"{name}-{version}"
    if not (place / "installed").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        (_npm if name in NPM else _pypi)(place, packages)
        (place / "installed").touch()
    return place / ("node_modules/.bin" if name in NPM else "bin") / command


def _npm(place: Path, packages: list[str]) -> None:
    quiet = ["--silent", "--no-audit", "--no-fund", "--no-update-notifier"]
    subprocess.run(["npm", "install", *quiet, "--prefix", str(place), *packages], check=True, timeout=1200)


def _pypi(place: Path, packages: list[str]) -> None:
    uv = shutil.which("uv") or "uv"
    python = sys.executable if sys.version_info < (3, 13) else "3.12"  # aider takes nothing newer
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", python, str(place)], check=True, timeout=300)
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(place / "bin" / "python")]
    subprocess.run([*install, *packages], check=True, timeout=1200)


if __name__ == "__main__":
    for each in sys.argv[1:] or [*NPM, *PYPI]:
        print(command_of(each))

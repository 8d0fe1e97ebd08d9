"""Inside the installing sandbox: /deps/venv with the dependencies of a Python project, never the project itself.

`python -I -c SOURCE JSON` with folder, sources (arguments of `uv pip install`, one list each), packages, build,
needed (must be there at the end), remove (names). What is missing is a line that starts with `factory-note:`.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

PYTHON = "/deps/venv/bin/python"
plan = json.loads(sys.argv[1])
folder = Path("/work") / plan["folder"]
if not folder.is_dir():  # the tree holds manifests only, and this folder has none
    folder = Path("/tmp")
os.environ.update(UV_CACHE_DIR="/tmp/factory-uv", UV_LINK_MODE="copy", UV_PYTHON_DOWNLOADS="never")
os.environ.update(UV_COMPILE_BYTECODE="1")  # /deps is read-only later: without this every run compiles pytest anew


def uv(*arguments: str, at: str = "") -> int:
    return subprocess.call(["uv", *arguments], cwd=at or folder, stdin=subprocess.DEVNULL)


def install(*arguments: str) -> bool:
    return uv("pip", "install", "--quiet", "--python", PYTHON, *arguments) == 0


def note(text: str) -> None:
    sys.stdout.write(f"factory-note: {text}\n")
    sys.stdout.flush()


if plan["copy"]:  # a build backend that is asked for its dependencies writes beside its sources
    shutil.copytree(folder, "/tmp/factory-source", symlinks=True)
    folder = Path("/tmp/factory-source")
if uv("venv", "--quiet", "--clear", "--python", sys.executable, "/deps/venv", at="/"):
    sys.exit("could not make /deps/venv")
sources = [list(source) for source in plan["sources"]]
if plan["lock"] and not uv("export", "--quiet", "--frozen", "--no-emit-workspace", "--no-hashes", *plan["lock"],
                           "-o", "/tmp/factory-lock.txt"):  # fmt: skip
    sources.insert(0, ["-r", "/tmp/factory-lock.txt"])
everything = [word for source in sources for word in source]
if not install(*everything, *plan["build"], *plan["packages"]):
    for source in sources:
        if not install(*source) and not install("--no-sources", *source):
            note(f"not installed: {' '.join(source)}")
    for package in [*plan["build"], *plan["packages"]]:
        if not install(package):
            note(f"not installed: {package}")
for name in plan["remove"]:
    uv("pip", "uninstall", "--quiet", "--python", PYTHON, name)
for module in plan["needed"]:
    if subprocess.call([PYTHON, "-I", "-c", f"import {module}"]):
        sys.exit(f"{module} could not be installed")

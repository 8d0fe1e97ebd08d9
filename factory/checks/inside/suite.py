"""Inside the sandbox: make the environment of one suite, run it, bring its reports to /out.

`python -I -c SOURCE JSON` with folder, argv, env, editable, python, reports. Leaves /out/factory-notes.json.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

WORK, DEPS, OUT, OVERLAY = Path("/work"), Path("/deps"), Path("/out"), Path("/tmp/factory-venv")
notes: list[str] = []


def quiet(command: list[str], env: dict[str, str], folder: Path) -> tuple[int, str]:
    done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def overlay(folder: Path, env: dict[str, str]) -> None:
    """A virtual environment of this run: the dependencies of /deps behind a link to the project in /work."""
    env.update(UV_CACHE_DIR="/tmp/factory-uv", UV_LINK_MODE="copy", UV_PYTHON_DOWNLOADS="never")
    below = DEPS / "venv" / "bin" / "python"
    python = str(below) if below.exists() else sys.executable
    code, words = quiet(["uv", "venv", "--quiet", "--python", python, str(OVERLAY)], env, folder)
    if code:
        notes.append("could not make an environment: " + words[-300:])
        env["PYTHONPATH"] = fallback(folder)
        return
    site = next((OVERLAY / "lib").glob("python3*/site-packages"))
    packages = [str(path) for path in (DEPS / "venv" / "lib").glob("python3*/site-packages")]
    (site / "zz-factory-deps.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in packages))
    env["VIRTUAL_ENV"] = str(OVERLAY)
    env["PATH"] = os.pathsep.join([str(OVERLAY / "bin"), str(DEPS / "venv" / "bin"), env.get("PATH", "/usr/bin:/bin")])
    command = ["uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation",
               "--python", str(OVERLAY / "bin" / "python"), "-e", "."]  # fmt: skip
    code, words = quiet(command, env, folder)
    if code:
        notes.append("the project could not be installed as a link (PYTHONPATH is used instead): " + words[-300:])
        env["PYTHONPATH"] = fallback(folder)


def fallback(folder: Path) -> str:
    return os.pathsep.join(str(path) for path in (folder / "src", folder) if path.is_dir())


def link_modules(folder: Path) -> None:
    """node_modules: links to the installed packages; links among the workspace's own packages stay in /work."""
    source, target = DEPS / "node" / "node_modules", folder / "node_modules"
    if not source.is_dir() or target.exists() or target.is_symlink():
        return
    target.mkdir()
    for entry in source.iterdir():
        if entry.name.startswith("@") and entry.is_dir() and not entry.is_symlink():
            (target / entry.name).mkdir()
            for inner in entry.iterdir():
                link(inner, target / entry.name / inner.name)
        else:
            link(entry, target / entry.name)


def link(entry: Path, target: Path) -> None:
    target.symlink_to(os.readlink(entry) if entry.is_symlink() else entry)


def collect(folder: Path, patterns: list[str]) -> None:
    for number, path in enumerate(sorted({path for glob in patterns for path in folder.glob(glob)})[:2000]):
        if path.is_file() and not path.is_symlink():
            shutil.copyfile(path, OUT / (f"report-{number:04}{path.suffix}"))


def main() -> int:
    plan = json.loads(sys.argv[1])
    folder = WORK / plan["folder"]
    env = {**os.environ, **plan["env"]}
    for pattern in plan["reports"]:  # a report that came with the tree is not a report of this run
        for path in list(folder.glob(pattern)):
            path.unlink()
    if plan["python"] and plan["editable"]:
        overlay(folder, env)
    elif plan["python"]:
        env["PYTHONPATH"] = fallback(folder)
    link_modules(folder)
    try:
        code = subprocess.call(plan["argv"], cwd=folder, env=env, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        notes.append(f"{plan['argv'][0]} is not installed in the sandbox")
        code = 127
    collect(folder, plan["reports"])
    (OUT / "factory-notes.json").write_text(json.dumps(notes))
    return code if code >= 0 else 128 - code


sys.exit(main())

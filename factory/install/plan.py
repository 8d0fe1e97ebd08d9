"""What `factory init` puts into a repository: caller workflows, a starting factory.toml, FACTORY.md."""

import re
from collections.abc import Callable
from pathlib import Path

from factory.contracts.errors import UsageProblem
from factory.install.written import Planned, once, planned

WORKFLOWS = ".github/workflows"
SOURCE = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}@[0-9a-f]{40}")
_USES = re.compile(r"(uses:\s*)\S+/(\.github/workflows/[a-z-]+\.yml)@\S+")


def plan(read: Callable[[str], str | None], source: str, role: str, force: bool = False) -> tuple[Planned, ...]:
    """Every file with what becomes of it. `read`: a path's text in the repository, or None. `source`: the factory's own
    repository, OWNER/NAME@COMMIT, which the caller workflows name. Raises UsageProblem when it is none."""
    if not SOURCE.fullmatch(source):
        raise UsageProblem(
            f"--factory {source!r} is not OWNER/NAME@COMMIT with all 40 digits: a tag or a branch can be moved."
        )
    files = [_caller(path, source, read, force) for path in sorted(callers().glob("*.yml"))]
    about = own("FACTORY.md").replace("{{ factory }}", source.partition("@")[0]).replace("{{ role }}", role)
    files.append(planned("FACTORY.md", about, read("FACTORY.md"), force))
    files.append(once("factory.toml", own("factory.toml"), read("factory.toml")))
    return tuple(files)


def _caller(path: Path, source: str, read: Callable[[str], str | None], force: bool) -> Planned:
    text = path.read_text(encoding="utf-8")
    name, _, commit = source.partition("@")
    text, found = _USES.subn(lambda match: f"{match.group(1)}{name}/{match.group(2)}@{commit}", text)
    assert found, f"{path.name} calls no workflow of the factory's"
    target = f"{WORKFLOWS}/{path.name}"
    return planned(target, text, read(target), force)


def callers() -> Path:
    """The example callers: inside the wheel, else beside `factory/`."""
    inside = Path(__file__).parent.parent / "_examples" / "callers"
    return inside if inside.is_dir() else Path(__file__).parent.parent.parent / "examples" / "callers"


def own(name: str) -> str:
    return (Path(__file__).parent / "files" / name).read_text(encoding="utf-8")


def source_here() -> str:
    """OWNER/NAME@COMMIT of the checkout that this factory runs from, or "" for an installed one."""
    from factory.contracts.errors import FactoryError
    from factory.git import run_git

    root = Path(__file__).parent.parent.parent
    try:
        commit = run_git(root, "rev-parse", "HEAD").decode().strip()
        url = run_git(root, "config", "--get", "remote.origin.url").decode().strip()
    except FactoryError:
        return ""
    match = re.search(r"[:/]([A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}?)(?:\.git)?/?$", url)
    return f"{match.group(1)}@{commit}" if match else ""

"""factory init"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Json
from factory.contracts.errors import UsageProblem

if TYPE_CHECKING:
    from factory.install.written import Planned

WORDS = {
    "new": "written",
    "update": "updated",
    "same": "as it should be",
    "edited": "edited by you: left alone (--force replaces it)",
    "foreign": "not written by the factory: left alone (--force replaces it)",
}


def init(
    repo: Annotated[Path, typer.Option(help="The repository to set up.")] = Path(),
    source: Annotated[
        str,
        typer.Option("--factory", help="Where the workflows come from: OWNER/NAME@COMMIT; else this checkout's own."),
    ] = "",
    branch: Annotated[
        bool, typer.Option("--branch", help="Commit to the branch factory-setup, not the work tree.")
    ] = False,
    pull: Annotated[bool, typer.Option("--pull", help="Also push that branch and open a pull request.")] = False,
    github: Annotated[str, typer.Option(help="OWNER/NAME: make the labels there too (GITHUB_TOKEN: yours).")] = "",
    runner: Annotated[Path | None, typer.Option(help="Folder of the box's runner: set up its pre-job hook.")] = None,
    keys: Annotated[bool, typer.Option("--keys", help="Make the keys and print where each belongs.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that were edited or are not ours.")] = False,
    dry: Annotated[bool, typer.Option("--dry", help="Only say what would be written.")] = False,
    as_json: Json = False,
) -> int:
    """Set a repository up: workflows, settings, labels, FACTORY.md. Run it again to update what it wrote."""
    from factory.git import git_folder
    from factory.install.local import reader, write
    from factory.install.plan import plan, source_here
    from factory.target import work_tree

    git_folder(repo.absolute())
    root = work_tree(repo.absolute())
    if pull and not github:
        raise UsageProblem("--pull needs --github OWNER/NAME, and GITHUB_TOKEN with the permission to write workflows.")
    source = source or source_here()
    if not source:
        raise UsageProblem("Say which factory the workflows call: --factory OWNER/NAME@COMMIT.")
    files = plan(reader(root), source, "write", force)
    done: list[str] = []
    if not dry:
        if branch or pull:
            done += _on_branch(root, files, github if pull else "")
        else:
            write(root, files)
        done += _beside(github, runner, keys, root)
    _say(files, done, as_json, dry)
    return 0


def _on_branch(root: Path, files: "tuple[Planned, ...]", github: str) -> list[str]:
    from factory.install.branch import on_branch

    return on_branch(root, files, github, os.environ)


def _beside(github: str, runner: Path | None, keys: bool, root: Path) -> list[str]:
    """Labels, the runner's hook, keys: each only when asked for."""
    said = []
    if github:
        from factory.install.hub import make_labels

        said.append(make_labels(github, os.environ))
    if runner:
        from factory.install.runner_hook import set_up
        from factory.target import resolve

        said.append(f"runner hook: {set_up(runner.absolute(), github, resolve(root, '')[0])}")
    if keys:
        from factory.install.keys import made_keys

        said += made_keys(github)
    return said


def _say(files: "tuple[Planned, ...]", done: list[str], as_json: bool, dry: bool) -> None:
    import json

    from factory.render.terminal import table

    if as_json:
        rows = [{"path": each.path, "fate": each.fate} for each in files]
        print(json.dumps({"files": rows, "done": done, "dry": dry}, indent=2))
        return
    table([(each.path, WORDS[each.fate]) for each in files], ("file", "would be" if dry else "is"), sys.stdout)
    for line in done:
        print(line)
    if not dry:
        print("Next: commit these files to the default branch, then `factory doctor --github OWNER/NAME`.")

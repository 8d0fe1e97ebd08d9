"""Throw-away git repositories, and the traps that a hostile one can hold in its own git configuration."""

from collections.abc import Mapping
from pathlib import Path

from factory.git import AUTHOR, run_git

_HOOKS = ("post-checkout", "pre-commit", "post-commit", "post-merge", "reference-transaction", "post-index-change",
          "pre-push", "update", "post-update", "pre-auto-gc")  # fmt: skip


def repository(folder: Path, files: Mapping[str, str], links: Mapping[str, str] | None = None) -> Path:
    """One commit of these files and symbolic links."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    for name, place in (links or {}).items():
        (folder / name).symlink_to(place)
    who = {f"GIT_{kind}_{key}": value for kind in ("AUTHOR", "COMMITTER")
           for key, value in zip(("NAME", "EMAIL"), AUTHOR, strict=True)}  # fmt: skip
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "--no-gpg-sign", "-m", "first", env=who)
    return folder


def trap(repo: Path, mark: Path) -> None:
    """From now on every git that believes this repository's configuration leaves `mark` behind."""
    touch = f"touch '{mark}'; cat"
    for name in _HOOKS:
        hook = repo / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{mark}'\n", encoding="utf-8")
        hook.chmod(0o755)
    with (repo / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(
            f'[core]\n\tfsmonitor = "{touch}"\n\tpager = "{touch}"\n\tsshCommand = "{touch}"\n\teditor = "{touch}"\n'
            f'[filter "steal"]\n\tclean = "{touch}"\n\tsmudge = "{touch}"\n\trequired = true\n'
            f'[diff]\n\texternal = "{touch}"\n[diff "steal"]\n\ttextconv = "{touch}"\n\tcommand = "{touch}"\n'
            f'[uploadpack]\n\tpackObjectsHook = "{touch}"\n[gc]\n\tauto = 1\n'
        )
    nested = repo / "vendor" / ".git"
    nested.mkdir(parents=True)
    (nested / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (nested / "config").write_text(f'[core]\n\tfsmonitor = "{touch}"\n', encoding="utf-8")

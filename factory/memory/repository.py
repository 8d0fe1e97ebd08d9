"""Which repository a memory is about: the same name for every clone of it."""

import re
from pathlib import Path

from factory.contracts.errors import GitProblem
from factory.git import git_folder, run_git

_URL = re.compile(r"(?:[a-z+]+://)?(?:[^@/]*@)?(?P<host>[\w.-]+)(?::\d+(?=/))?[:/]+(?P<path>[\w./~-]+)")


def repository_key(folder: Path) -> str:
    """`host/owner/name` of the remote `origin`, else the path of the git directory. Raises UsageProblem."""
    home = git_folder(folder)
    try:
        url = run_git(folder, "config", "--get", "remote.origin.url").decode(errors="replace").strip()
    except GitProblem:
        url = ""
    return normal(url) or str(home.resolve())


def normal(url: str) -> str:
    """A remote's address without scheme, name, password, port and `.git`; '' for a path on this machine."""
    found = _URL.fullmatch(url.strip())
    if not found or url.startswith((".", "/", "file:")):
        return ""
    path = found["path"].strip("/").removesuffix(".git")
    return f"{found['host'].lower()}/{path}" if path else ""

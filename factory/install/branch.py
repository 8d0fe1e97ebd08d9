"""The installation as a commit on its own branch, pushed and offered as a pull request when asked for."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from factory.contracts.errors import HubForbidden, HubRefused, UsageProblem
from factory.git import Store, run_git
from factory.install.hub import hub_of, token_of, web_of
from factory.install.local import BRANCH, commit
from factory.install.written import Planned

TITLE = "Set up Dark Factory"
BODY = """Written by `factory init`: caller workflows, labels' meaning in `FACTORY.md`, and a first `factory.toml`.

Before merging: read `factory.toml` (what it may ask and spend), and check that the workflows name the commit of the
factory that you trust. After merging: `factory doctor --github {repo}` says what is still missing.
"""


def on_branch(root: Path, files: Sequence[Planned], github: str, environment: Mapping[str, str]) -> list[str]:
    """What was done, one line each. With `github` (OWNER/NAME) the branch is pushed and a pull request opened once."""
    if not any(each.writes for each in files):
        return ["Nothing to commit: everything is as it should be."]
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.git", root)
        when = run_git(root, "show", "-s", "--format=%cI", "HEAD").decode().strip()
        name, made = commit(root, "", files, store, when)
    said = [f"branch {name}: {made[:12]}"]
    return [*said, _pull(root, made, github, environment)] if github else said


def _pull(root: Path, made: str, github: str, environment: Mapping[str, str]) -> str:
    from factory.forge.remote import Remote

    hub = hub_of(github, environment)
    remote = Remote(root, f"{web_of(environment)}/{github}.git", token_of(environment))
    ref = f"refs/heads/{BRANCH}"
    try:
        remote.push(made, ref, f"--force-with-lease={ref}:{remote.at(ref)}")
    except (HubForbidden, HubRefused) as problem:
        raise UsageProblem(
            f"GitHub does not take the branch {BRANCH}: the token needs Contents and Workflows (write). ({problem})"
        ) from None
    found = next(iter(hub.pulls(head=BRANCH)), None)
    if found:
        return f"pull request: {found.url} (updated)"
    base = hub.default_branch()
    return f"pull request: {hub.open_pull(TITLE, BODY.format(repo=github), BRANCH, base, False).url}"

"""Which of a repository's own workflows would run code that the factory pushes, and which secrets they name."""

import re

from factory.contracts.record import Record

RUNS_CODE = ("push", "pull_request", "pull_request_target", "merge_group", "create")
_SECRET = re.compile(r"secrets\.([A-Za-z_][A-Za-z0-9_]*)")


class Triggered(Record):
    name: str
    by: tuple[str, ...]  # events of a push or a pull request
    secrets: tuple[str, ...]  # named in the file, GITHUB_TOKEN aside; "all" for `secrets: inherit`


def triggered(name: str, text: str) -> Triggered | None:
    """None for a file that is no workflow."""
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    if not isinstance(found, dict):
        return None
    on = found.get("on", found.get(True))  # YAML 1.1 reads a bare `on` as true
    events = [on] if isinstance(on, str) else list(on) if isinstance(on, list | dict) else []
    names = {item for item in _SECRET.findall(text) if item.upper() != "GITHUB_TOKEN"}
    if re.search(r"^\s*secrets:\s*inherit\b", text, re.MULTILINE):
        names.add("all")
    return Triggered(name=name, by=tuple(str(event) for event in events if event in RUNS_CODE),
                     secrets=tuple(sorted(names)))  # fmt: skip

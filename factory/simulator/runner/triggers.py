"""Which workflows an event starts: `on:` with its types, branches, paths, workflows and inputs. Pure functions."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from factory.contracts.record import Json
from factory.simulator.runner.globs import passes

DEFAULT_TYPES = {
    "pull_request": ("opened", "synchronize", "reopened"),
    "pull_request_target": ("opened", "synchronize", "reopened"),
}
DEFAULT_BRANCH_ONLY = (
    "issues", "issue_comment", "repository_dispatch", "schedule", "workflow_run", "pull_request_target", "label",
    "milestone", "discussion", "discussion_comment", "release", "watch", "fork", "check_run", "check_suite", "status",
)  # fmt: skip
"""Events whose runs take the workflow file of the default branch, whatever the event is about."""

Changed = Callable[[], Iterable[str]]


def events_of(document: Mapping[str, Any]) -> dict[str, Json]:
    """`on:` in its long form: event -> its filters."""
    said = document.get("on")
    if isinstance(said, str):
        return {said: {}}
    if isinstance(said, list):
        return {str(name): {} for name in said}
    if isinstance(said, Mapping):
        return {str(name): _filters(name, value) for name, value in said.items()}
    return {}


def _filters(name: str, value: Any) -> Json:
    if isinstance(value, Mapping):
        return dict(value)
    return {"cron": [str(each.get("cron")) for each in value]} if name == "schedule" and isinstance(value, list) else {}


def starts(document: Mapping[str, Any], event: str, action: str, payload: Mapping[str, Any], ref: str,
           changed: Changed = tuple) -> bool:  # fmt: skip
    """Whether a workflow's `on:` admits the event. `ref`: GITHUB_REF; `changed`: the paths, asked only when needed."""
    filters = events_of(document).get(event)
    if filters is None:
        return False
    if event == "schedule":
        return payload.get("schedule") in filters.get("cron", ())
    if event == "repository_dispatch":
        return _type(filters, action, ())
    if event == "workflow_dispatch":
        return True
    if not _type(filters, action, DEFAULT_TYPES.get(event, ())):
        return False
    if event == "workflow_run":
        run = payload.get("workflow_run") or {}
        named = _list(filters.get("workflows"))
        if named and not passes(named, (), [str(run.get("name", ""))]):
            return False
        return passes(
            _list(filters.get("branches")), _list(filters.get("branches-ignore")), [str(run.get("head_branch"))]
        )
    if event in ("pull_request", "pull_request_target"):
        return _branch(filters, str(((payload.get("pull_request") or {}).get("base") or {}).get("ref", ""))) and _paths(
            filters, changed
        )
    return _push(filters, ref, changed) if event == "push" else True


def _type(filters: Json, action: str, default: tuple[str, ...]) -> bool:
    types = _list(filters.get("types")) or list(default)
    return not types or action in types


def _branch(filters: Json, name: str) -> bool:
    return passes(_list(filters.get("branches")), _list(filters.get("branches-ignore")), [name])


def _push(filters: Json, ref: str, changed: Changed) -> bool:
    """A push to a branch or a tag: filters of one kind alone exclude the other kind."""
    name, tag = ref.removeprefix("refs/heads/").removeprefix("refs/tags/"), ref.startswith("refs/tags/")
    branches = _list(filters.get("branches")), _list(filters.get("branches-ignore"))
    tags = _list(filters.get("tags")), _list(filters.get("tags-ignore"))
    mine, other = (tags, branches) if tag else (branches, tags)
    if not any(mine) and any(other):
        return False
    return passes(*mine, [name]) and (tag or _paths(filters, changed))


def _paths(filters: Json, changed: Changed) -> bool:
    wanted, ignored = _list(filters.get("paths")), _list(filters.get("paths-ignore"))
    return not (wanted or ignored) or passes(wanted, ignored, changed())


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def dispatch_inputs(document: Mapping[str, Any], given: Mapping[str, Any]) -> Json:
    """The `inputs` context of a workflow_dispatch: defaults filled in, booleans and numbers as such."""
    declared = events_of(document).get("workflow_dispatch", {}).get("inputs") or {}
    return {name: _typed(spec or {}, given.get(name)) for name, spec in declared.items()}


def missing_inputs(declared: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Required inputs without a value or default."""
    return [
        name
        for name, spec in declared.items()
        if isinstance(spec, Mapping)
        and spec.get("required")
        and "default" not in spec
        and given.get(name) in (None, "")
    ]


def _typed(spec: Mapping[str, Any], value: Any) -> Any:
    kind = spec.get("type", "string")
    if value is None:
        value = spec.get("default", {"boolean": False, "number": 0}.get(kind, ""))
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "number" and not isinstance(value, bool):
        number = float(str(value) or 0)
        return int(number) if number.is_integer() else number
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def call_inputs(declared: Mapping[str, Any], given: Mapping[str, Any]) -> Json:
    """The `inputs` context of a called workflow. The caller has checked names and required ones."""
    return {name: _typed(spec or {}, given.get(name)) for name, spec in declared.items()}

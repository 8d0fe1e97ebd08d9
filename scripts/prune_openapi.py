"""Prune GitHub's OpenAPI description to what the simulator's double checks: paths, parameters, schemas; no prose.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
    python -m scripts.prune_openapi package [--check]

writes `factory/simulator/data/github.openapi.json` (one line per path and per schema, sorted, so that a new version
is a readable diff); with --check it fails when the file is not what this script makes. The source's name, version and
licence stand in the file's `info`. Needs the standard library only.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "factory" / "simulator" / "data" / "github.openapi.json"
LICENCE = "MIT, Copyright (c) 2020 Octokit contributors"
METHODS = ("get", "post", "put", "patch", "delete")
REPO = "/repos/{owner}/{repo}"
KEEP = (  # what the double serves or a client of the factory may plausibly ask for
    r"/rate_limit|/meta|/user|/users/\{username\}|/search/issues",
    r"/app|/app/installations(/\{installation_id\}(/access_tokens)?)?|/installation/(repositories|token)",
    REPO + r"(|/installation|/dispatches|/assignees(/.*)?|/languages|/tags|/merges|/readme|/topics)",
    REPO + r"/collaborators(/\{username\}(/permission)?)?",
    REPO + r"/branches(/\{branch\}(/protection)?)?|" + REPO + r"/rules/branches/\{branch\}",
    REPO + r"/(issues|labels|milestones)(/.*)?",
    REPO + r"/pulls(/.*)?",
    REPO + r"/comments/\{comment_id\}(/reactions)?|" + REPO + r"/commits(/.*)?|" + REPO + r"/compare/\{basehead\}",
    REPO + r"/contents/\{path\}|" + REPO + r"/git/.*|" + REPO + r"/(tar|zip)ball/\{ref\}",
    REPO + r"/(check-runs|check-suites|statuses)(/.*)?",
    REPO + r"/actions/(runs|jobs|artifacts|workflows|secrets|variables|permissions|runners|concurrency_groups)(/.*)?",
    REPO + r"/environments(/\{environment_name\})?",
    REPO + r"/code-scanning/sarifs(/\{sarif_id\})?",
)
LEAVE = (  # parts of the above that are large and nothing of ours
    r".*/(issue-types|issue-field-values|suggestions|codespaces|merge-async|deployment_protection_rule|timing|cache)(/.*)?",
    r".*/(pending_deployments|approvals|preferences|sub_issues/priority|events/\{event_id\}|dependencies)(/.*)?",
    r".*/permissions/(access|artifact-and-log-retention|fork-pr-.*)|.*/(issues|\{issue_number\})/(timeline|events)",
    r".*/issues/comments/\{comment_id\}/pin|.*/runners/(downloads|generate-jitconfig)",
)
PROSE = {"description", "summary", "example", "examples", "externalDocs", "tags", "title", "deprecated", "default"}
INSTEAD = {  # answers that the source describes wrongly: an account that is a person *and* an enterprise
    "apps/list-installations": {"type": "array", "items": {"$ref": "#/components/schemas/installation"}},
}
ERRORS = ("4", "5", "3")  # of these only the status is kept


def prune(full: dict[str, Any], source: str) -> dict[str, Any]:
    """The description with the chosen paths and the components that they reach."""
    paths = {path: _operations(full, item) for path, item in full["paths"].items() if chosen(path)}
    schemas: dict[str, Any] = {}
    waiting = _names(paths)
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = bare(full["components"]["schemas"][name])
            waiting |= _names(schemas[name])
    about = {"title": "GitHub REST API, pruned", "source": source, "license": LICENCE, "by": "scripts/prune_openapi.py"}
    return {"openapi": full["openapi"], "info": about, "paths": paths, "components": {"schemas": schemas}}


def chosen(path: str) -> bool:
    return any(re.fullmatch(_exact(one), path) for one in KEEP) and not any(re.fullmatch(one, path) for one in LEAVE)


def bare(schema: Any) -> Any:
    """A schema without prose. Property names are no keywords: a property may be called `description`."""
    if isinstance(schema, list):
        return [bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: bare(one) for name, one in value.items()}
        elif key in ("enum", "required", "const"):
            kept[key] = value
        elif key not in PROSE and not key.startswith("x-"):
            kept[key] = bare(value)
    return kept


def _operations(full: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    return {method: _operation(full, item[method]) for method in METHODS if method in item}


def _operation(full: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"operationId": operation["operationId"]}
    kept["parameters"] = [_parameter(_follow(full, one)) for one in operation.get("parameters", ())]
    if "requestBody" in operation:
        body = _follow(full, operation["requestBody"])
        kept["requestBody"] = {"required": body.get("required", False), "content": _content(body)}
    kept["responses"] = {
        status: {} if status.startswith(ERRORS) else {"content": _content(_follow(full, answer))}
        for status, answer in operation["responses"].items()
    }
    if kept["operationId"] in INSTEAD:
        kept["responses"]["200"]["content"]["application/json"]["schema"] = INSTEAD[kept["operationId"]]
    return kept


def _parameter(found: dict[str, Any]) -> dict[str, Any]:
    multi = {"x-multi-segment": True} if found.get("x-multi-segment") else {}  # may contain slashes
    return {"name": found["name"], "in": found["in"], "required": found.get("required", False),
            "schema": bare(found["schema"]), **multi}  # fmt: skip


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    return {kind: {"schema": bare(one.get("schema", {}))} for kind, one in holder.get("content", {}).items()}


def _follow(full: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` beside schemas points to; references to schemas stay."""
    while "$ref" in value:
        _, _, kind, name = value["$ref"].split("/")
        value = full["components"][kind][name]
    return value


def _names(value: Any) -> set[str]:
    """Schemas referred to in a value."""
    if isinstance(value, list):
        return set().union(*map(_names, value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(_names, value.values()))


def _exact(pattern: str) -> str:
    return pattern.replace(REPO, re.escape(REPO))


def rendered(document: dict[str, Any]) -> str:
    """JSON with a line per path and per schema."""

    def lines(table: dict[str, Any]) -> str:
        return ",\n".join(f"{json.dumps(key)}:{_compact(table[key])}" for key in sorted(table))

    head = "".join(f'"{key}":{_compact(document[key])},\n' for key in ("openapi", "info"))
    schemas = lines(document["components"]["schemas"])
    return f'{{{head}"paths":{{\n{lines(document["paths"])}\n}},\n"components":{{"schemas":{{\n{schemas}\n}}}}}}\n'


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def main(arguments: list[str]) -> int:
    folders = [one for one in arguments if one != "--check"]
    if len(folders) != 1:
        print(__doc__)
        return 2
    package = json.loads((Path(folders[0]) / "package.json").read_text(encoding="utf-8"))
    full = json.loads((Path(folders[0]) / "generated" / "api.github.com.json").read_text(encoding="utf-8"))
    text = rendered(prune(full, f"npm {package['name']} {package['version']}, generated/api.github.com.json"))
    if "--check" in arguments:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.name}: {len(text):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

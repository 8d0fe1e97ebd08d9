"""Reusable workflows: where `uses:` of a job leads, what may be handed in, and the checks before a run starts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json
from factory.simulator.hub.routes import Refused
from factory.simulator.runner.bench import Bench
from factory.simulator.runner.graph import Node, Source
from factory.simulator.runner.permissions import Held, effective, exceeding
from factory.simulator.runner.scope import as_text
from factory.simulator.runner.sources import FOLDER, commit_of
from factory.simulator.runner.triggers import call_inputs, events_of

MAX_LEVELS = 10
MAX_CALLED = 50  # workflows of one run
_REMOTE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)/(?P<path>\.github/workflows/[^@/]+)@(?P<ref>.+)")


def called(bench: Bench, source: Source, uses: str) -> tuple[Source, Json]:
    """The called file and its document. `./` and `$/` mean the caller's repository and commit."""
    found = _place(bench, source, uses)
    parsed = bench.sources.workflow(bench.hub.repo(found.repo), found.sha, found.path)
    if parsed.errors or parsed.document is None:
        first = parsed.errors[0]
        raise FactoryError(f"{found.path} (Line: {first.line}, Col: {first.column}): {first.message}")
    if "workflow_call" not in events_of(parsed.document):
        raise FactoryError(f"Workflow '{found.path}' is not reusable as it is missing an `on.workflow_call` trigger.")
    return found, {**parsed.document, "on": events_of(parsed.document)}


def _place(bench: Bench, source: Source, uses: str) -> Source:
    if uses.startswith(("./", "$/")):
        path = uses[2:]
        if not path.startswith(f"{FOLDER}/") or "/" in path.removeprefix(f"{FOLDER}/"):
            raise FactoryError(f"Invalid workflow reference '{uses}': reusable workflows lie in {FOLDER}.")
        return Source(source.repo, source.sha, path, source.ref)
    remote = _REMOTE.fullmatch(uses)
    if not remote:
        raise FactoryError(f"Invalid workflow reference '{uses}': owner/repo/{FOLDER}/file.yml@ref is needed.")
    try:
        repo = bench.hub.repo(remote["repo"])
    except Refused:
        raise FactoryError(f"The simulator does not hold the repository of {uses}: add it to the double.") from None
    sha = commit_of(repo, remote["ref"])
    if not sha:
        raise FactoryError(f"Unable to find reusable workflow {uses}: {remote['ref']} is unknown there.")
    return Source(repo.full_name, sha, remote["path"], remote["ref"])


def inputs_of(bench: Bench, declared: Mapping[str, Any], given: Mapping[str, Any], known: Json) -> Json:
    specs = declared.get("inputs") or {}
    filled = {
        name: {**(spec or {}), "default": bench.expressions.fill((spec or {}).get("default"), known)}
        if "default" in (spec or {}) else dict(spec or {})
        for name, spec in specs.items()
    }  # fmt: skip
    return call_inputs(filled, given)


def secrets_of(bench: Bench, node: Node, declared: Mapping[str, Any], known: Json) -> dict[str, str]:
    """`secrets: inherit`, or exactly the named ones."""
    said = node.spec.get("secrets")
    if said == "inherit":
        return dict(node.frame.secrets)
    given = bench.expressions.fill(said or {}, known)
    return {name: as_text(value) for name, value in given.items() if as_text(value)}


def faults(bench: Bench, source: Source, document: Json, cap: Held | None = None, level: int = 1) -> Iterator[str]:
    """Why GitHub would not start a run of this file, as far as its calls are concerned."""
    for name, spec in document["jobs"].items():
        if "uses" not in spec:
            continue
        if level >= MAX_LEVELS:
            yield f"Job '{name}' calls workflows more than {MAX_LEVELS} levels deep."
            return
        try:
            there, inner = called(bench, source, str(spec["uses"]))
        except FactoryError as problem:
            yield f"Job '{name}': {problem}"
            continue
        held = effective(document.get("permissions"), spec.get("permissions"), cap, bench.options.permissions)
        yield from _handed_in(name, spec, inner)
        yield from _asked(inner, held)
        yield from faults(bench, there, inner, held, level + 1)


def _handed_in(name: str, spec: Json, inner: Json) -> Iterator[str]:
    declared = inner["on"]["workflow_call"] or {}
    inputs, given = declared.get("inputs") or {}, spec.get("with") or {}
    for each in given:
        if each not in inputs:
            yield f"Job '{name}': Invalid input, {each} is not defined in the referenced workflow."
    for each, said in inputs.items():
        if (said or {}).get("required") and each not in given and "default" not in said:
            yield f"Job '{name}': Input {each} is required, but not provided while calling."
    secrets, passed = declared.get("secrets") or {}, spec.get("secrets") or {}
    if passed == "inherit":
        return
    for each in passed:
        if each not in secrets:
            yield f"Job '{name}': Invalid secret, {each} is not defined in the referenced workflow."
    for each, said in secrets.items():
        if (said or {}).get("required") and each not in passed:
            yield f"Job '{name}': Secret {each} is required, but not provided while calling."


def _asked(inner: Json, held: Held) -> Iterator[str]:
    for name, spec in inner["jobs"].items():
        for what in exceeding(inner.get("permissions"), spec.get("permissions"), held):
            yield f"The nested job '{name}' is requesting {what}."

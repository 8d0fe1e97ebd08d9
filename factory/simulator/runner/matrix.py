"""A strategy's matrix: the product of its lists, minus `exclude`, plus `include` by GitHub's rules. Pure."""

import itertools
from collections.abc import Mapping
from typing import Any

from factory.contracts.errors import FactoryError
from factory.contracts.record import Json

MOST = 256  # legs of one matrix


def legs(matrix: Any) -> list[Json]:
    """The combinations in GitHub's order. Raises FactoryError for a matrix that GitHub refuses."""
    if not isinstance(matrix, Mapping):
        raise FactoryError("The matrix is not a mapping: `fromJSON` must give an object with lists in it.")
    axes = {key: value for key, value in matrix.items() if key not in ("include", "exclude")}
    for key, value in axes.items():
        if not isinstance(value, list):
            raise FactoryError(f"Matrix vector '{key}' is not a list.")
        if not value:
            raise FactoryError(f"Matrix vector '{key}' does not contain any values")
    product = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())] if axes else []
    kept = [leg for leg in product if not any(_covers(leg, rule) for rule in matrix.get("exclude") or [])]
    found = _included(kept, matrix.get("include") or [])
    if not found:
        raise FactoryError("The matrix must define at least one combination: `exclude` left none.")
    if len(found) > MOST:
        raise FactoryError(f"The matrix has {len(found)} combinations: {MOST} is GitHub's limit.")
    return found


def _covers(leg: Json, rule: Mapping[str, Any]) -> bool:
    return all(key in leg and leg[key] == value for key, value in rule.items())


def _included(product: list[Json], include: list[Mapping[str, Any]]) -> list[Json]:
    """Each entry extends every combination whose own values it leaves as they are, else it is one more."""
    found, more = [dict(leg) for leg in product], list[Json]()
    for entry in include:
        fits = [
            at for at, leg in enumerate(product) if all(leg[key] == value for key, value in entry.items() if key in leg)
        ]
        for at in fits:
            found[at].update(entry)
        if not fits:
            more.append(dict(entry))
    return found + more


def title(name: str, leg: Mapping[str, Any]) -> str:
    """A leg's display name: `job (a, b)`, as GitHub forms it when the name has no expression."""
    values = [str(value).lower() if isinstance(value, bool) else str(value) for value in _flat(leg)]
    return f"{name} ({', '.join(values)})" if values else name


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [each for part in value.values() for each in _flat(part)]
    return [each for part in value for each in _flat(part)] if isinstance(value, list) else [value]

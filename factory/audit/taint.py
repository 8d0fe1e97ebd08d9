"""What is known of a value: which stranger's it is, by which way it came, and for which uses it is harmless."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from factory.audit.tables import Sink

MOST_STEPS, MOST_ORIGINS, MOST_TEXT = 8, 6, 600


class Step(NamedTuple):
    path: str
    line: int


@dataclass(frozen=True)
class Origin:
    """One way by which a value came here. `param` is its number where it is the caller's to say; `prefix` the constant
    text before it (\\0 for what is not known), `built` all constant text around it, `clean` uses it is harmless for."""

    kind: str
    label: str
    param: int = -1
    steps: tuple[Step, ...] = ()
    clean: frozenset[str] = frozenset()
    prefix: str = ""
    built: str = ""
    part: bool = False  # a single field of what was sent

    def at(self, path: str, line: int) -> "Origin":
        step = Step(path, line)
        if (self.steps and self.steps[-1] == step) or len(self.steps) >= MOST_STEPS:
            return self
        return replace(self, steps=(*self.steps, step))


Taint = tuple[Origin, ...]


class Reached(NamedTuple):
    """A value in a sink, `checked` when it was made harmless for it on the way."""

    sink: Sink
    origin: Origin
    path: str
    line: int
    name: str  # of the call, as it is written
    checked: bool


class Summary(NamedTuple):
    """What a function does with its parameters, and what it gives back."""

    reached: tuple[Reached, ...]
    returned: Taint


def joined(taints: Iterable[Taint]) -> Taint:
    """One of each kind of origin; the least clean counts."""
    found: dict[tuple[str, str, int], Origin] = {}
    for taint in taints:
        for one in taint:
            key = (one.kind, one.label, one.param)
            known = found.get(key)
            if known is None:
                found[key] = one
            elif known != one:
                found[key] = replace(known, clean=known.clean & one.clean, part=known.part and one.part)
    return tuple(found.values())[:MOST_ORIGINS]


def taken_out(taint: Taint, key: str) -> Taint:
    return taint if key == "**" else tuple(replace(each, part=True) for each in taint)


def after(came: Origin, inner: Origin) -> Origin:
    """The caller's origin after what the function did with it."""
    steps = tuple(dict.fromkeys((*came.steps, *inner.steps)))[:MOST_STEPS]
    return replace(came, steps=steps, clean=came.clean | inner.clean, prefix=inner.prefix + came.prefix,
                   built=inner.built or came.built, part=came.part or inner.part)  # fmt: skip

"""Python and JavaScript in one small form: what a value is made of, and what is done with it, line by line.

Only what an audit follows is kept. `python.py` and `script.py` make it, `follow.py` reads it.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "attr", "index", "call", "text", "mix", "const", "lambda"]
Does = Literal["assign", "store", "do", "return", "if", "loop"]


@dataclass(frozen=True, eq=False)
class Expr:
    """`dotted` is the name as imported (`os.path.join`), with a leading dot where it hangs on a value (`.strip`).

    `args` are a call's arguments, the parts of a text in their order, the key of an index, or whatever else a value is
    mixed of. A constant's `text` is its literal, an attribute's its own name.
    """

    kind: Kind
    line: int
    dotted: str = ""
    base: "Expr | None" = None
    args: tuple["Expr", ...] = ()
    keywords: tuple[tuple[str, "Expr"], ...] = ()  # "**" for what is spread
    text: str = ""
    params: tuple[str, ...] = ()  # of a lambda
    body: tuple["Stmt", ...] = ()


@dataclass(frozen=True, eq=False)
class Stmt:
    """`targets` with the key that a pattern takes out of the value, "" for the value itself."""

    does: Does
    line: int
    value: Expr | None = None
    targets: tuple[tuple[str, str], ...] = ()
    place: Expr | None = None  # what a store writes to: an attr or an index
    body: tuple["Stmt", ...] = ()
    orelse: tuple["Stmt", ...] = ()
    ends: tuple[bool, bool] = (False, False)  # do the branches leave the function or loop?


@dataclass(frozen=True, eq=False)
class Function:
    """`name` is dotted within its file; "" = the file's own top level. Lines are 1-based and inclusive."""

    path: str
    name: str
    start: int
    end: int
    params: tuple[str, ...]
    types: tuple[str, ...]  # annotation of each parameter as it is written, "" = none
    defaults: tuple[str, ...]  # the name that a default calls, `Depends` and the like
    marks: tuple[Expr, ...]  # decorators
    body: tuple[Stmt, ...]
    owner: str = ""  # the class


@dataclass(frozen=True, eq=False)
class File:
    path: str
    script: bool
    lines: tuple[str, ...]
    functions: tuple[Function, ...]

    def line(self, number: int) -> str:
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""


def inside(expr: Expr) -> "list[Expr]":
    """It and everything in it, but what a lambda does."""
    found, left = [], [expr]
    while left:
        one = left.pop()
        found.append(one)
        left += [*one.args, *(value for _, value in one.keywords), *([one.base] if one.base else [])]
    return found


def statements(body: tuple[Stmt, ...]) -> "list[Stmt]":
    """All of a body, those in branches, loops and lambdas too."""
    found, left = [], list(body)
    while left:
        one = left.pop()
        found.append(one)
        left += [*one.body, *one.orelse]
        for expr in (one.value, one.place):
            left += [each for part in (inside(expr) if expr else ()) for each in part.body]
    return sorted(found, key=lambda each: each.line)


def expressions(body: tuple[Stmt, ...]) -> "list[Expr]":
    return [part for one in statements(body) for expr in (one.value, one.place) if expr for part in inside(expr)]


def options(call: Expr) -> list[str]:
    """`shell=True` and the like, from keywords and from objects of options; `shell=` for each name, too."""
    pairs = [*call.keywords, *(pair for each in call.args if each.dotted == "{}" for pair in each.keywords)]
    return [f"{name}={value.text or value.dotted}" for name, value in pairs] + [f"{name}=" for name, _ in pairs]

"""`except:` that ends the error there: also Ctrl-C, SystemExit and a closed generator."""

import ast
from dataclasses import replace

from factory.hunt.detector import Detector, Hit
from factory.hunt.handlers import cleans_up, inside, is_import, try_of
from factory.hunt.names import written
from factory.hunt.source import Source

_PASSED_ON = ("sys.exc_info", "os._exit", "sys.exit", "exc_info")


def _keep(source: Source, hit: Hit) -> Hit | None:
    handler = next(source.starting(hit.start, ast.ExceptHandler), None)
    if handler is None or handler.type is not None or cleans_up(source, handler):
        return None
    if is_import(try_of(source, handler)):
        return None
    for node in inside(handler.body):
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and written(node.func) in _PASSED_ON):
            return None
    return replace(
        hit,
        end=hit.start,
        message="A bare `except:` also catches what is meant to end the program",
        fix="Write `except Exception:` at most, better the types that the lines above it can raise.",
    )


DETECTOR = Detector(
    id="bare-except",
    title="An except without a type",
    why="Ctrl-C, SystemExit and misspelt names end here unseen. Name the errors that are expected, or raise again.",
    severity="medium",
    confidence=0.95,
    category="CWE-396",
    languages=("python",),
    codes={"ruff": ("E722",)},
    keep=_keep,
    codemod="except-exception",
)

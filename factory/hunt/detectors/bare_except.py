"""`except:` that ends the error there: also Ctrl-C, SystemExit and a closed generator."""

import ast

from factory.hunt.detector import Detector, Hit
from factory.hunt.source import Source


def _keep(source: Source, hit: Hit) -> Hit | None:
    """One that raises again (ruff's E722 lets those of try-finally style pass already) hides nothing."""
    for node in source.nodes(ast.ExceptHandler):
        if node.lineno == hit.start and node.type is None:
            raises = any(isinstance(each, ast.Raise) for stmt in node.body for each in ast.walk(stmt))
            return None if raises else Hit(hit.path, hit.start, "`except:` catches everything that ends a program too",
                                           fix="Name the errors that are expected here, at most `Exception`.",
                                           code=hit.code)  # fmt: skip
    return None


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
)

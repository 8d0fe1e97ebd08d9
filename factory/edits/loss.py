"""The symbol-loss check: adding one function must not delete the seven others."""

from collections.abc import Collection

from factory.codegraph.parse.outline import outline
from factory.contracts.errors import EditProblem
from factory.edits.text import decode


def check_loss(path: str, old: bytes, new: bytes, removes: Collection[str], origin: str = "") -> str:
    """Compare a file's top-level symbols before and after; returns a note for the author, '' when all is well.

    `removes` holds `path:name`; `origin` is the file's path before a rename. A name that the new text imports counts
    as kept. Raises EditProblem naming what would be lost. Unknown languages and texts that did not parse pass.
    """
    try:
        before = outline(origin or path, decode(path, old).seen)
        after = outline(path, decode(path, new).seen)
    except EditProblem:
        return ""  # not text: nothing to compare
    if after is None or before is None:
        return ""
    allowed = {name for place, _, name in (item.rpartition(":") for item in removes) if place in (path, origin)}
    lost = sorted(before.symbols - after.symbols - after.imported - allowed)
    if "*" in after.imported - before.imported:
        return f"{path} now imports by *: whether it still has {', '.join(lost[:20])} was not checked" if lost else ""
    if lost and not before.broken:
        why = f" (the new text does not parse near line {after.broken})" if after.broken else ""
        raise EditProblem(
            f"{path} would lose {', '.join(lost[:20])}{why}, which the plan does not say to remove: "
            "keep them, and change only the lines that must change with SEARCH/REPLACE blocks "
            "(what moves to another file must be imported here again).",
            path, "symbol_loss",
        )  # fmt: skip
    return f"{path} does not parse near line {after.broken}" if after.broken and not before.broken else ""

"""Does a finding's quoted line still stand? One way of looking, for the validator and for the fate of a finding."""

import re

from factory.contracts.errors import EditProblem
from factory.contracts.finding import Finding
from factory.contracts.run import Run
from factory.edits.draft import Draft
from factory.llm.redact import PLACEHOLDER
from factory.stages.shop import Shop

MEASURED = ("tests", "lint", "types", "hygiene", "athena.rules")  # their findings are made anew each time


def places(shop: Shop, tree: str, path: str, quote: str) -> tuple[int, ...]:
    """The 1-based lines of a file that hold the quote, white space aside; () when there is no such file or line.

    What was taken out of the prompt as a secret may be anything.
    """
    try:
        text = Draft(shop.trees, tree, (), shop.policy).read(path)
    except EditProblem:
        return ()
    wanted = PLACEHOLDER.split("".join(quote.split()))
    found = re.compile(".*".join(map(re.escape, wanted)))
    lines = ("".join(line.split()) for line in text.splitlines())
    return tuple(number for number, line in enumerate(lines, start=1) if any(wanted) and found.search(line))


def still_there(run: Run, shop: Shop, item: Finding) -> bool:
    """Is the finding's cause still in the candidate, as far as a machine can tell? In doubt: yes."""
    assert run.evidence
    if item.source in MEASURED:
        return item.id in {each.id for each in run.evidence.findings}
    if not item.path or not item.evidence:
        return True
    return bool(places(shop, run.tree, item.path, item.evidence))

"""A hunt and a ranking on a narrow terminal: places can be copied, messages can be read."""

from factory.cli.graph_answers import listed
from factory.codegraph.rank.rank import Ranked as File
from factory.contracts.catch import Catch, Ranked
from factory.contracts.finding import Finding
from factory.render.hunting import hunting
from tests.render.test_terminal import pseudo_terminal

DEEP = "packages/server/source/handlers/administration/pages/accounts/overview.py"  # 100 columns have no room beside it
SAID = "The answer of the account service is used before anybody has looked whether there is one at all in this place"


def test_a_message_without_room_stands_below_its_place() -> None:
    found = Finding(
        id="a" * 12, source="hunt", rule="bare-except", path=DEEP, start=4, end=4, severity="medium", message=SAID
    )
    with pseudo_terminal() as (stream, seen):
        hunting(Catch(commit="c" * 40, ranked=(Ranked(finding=found, rank=50),)), stream)
        rows = [row.rstrip() for row in seen().replace("\x1b[2m", "").replace("\x1b[0m", "").splitlines()]
    assert any(row.endswith(f"{DEEP}:4") for row in rows)
    assert SAID in " ".join(" ".join(rows).split())


def test_a_ranked_path_is_whole_and_its_reasons_keep_to_one_line() -> None:
    path = f"{DEEP.removesuffix('.py')}/{'part-' * 12}.py"
    with pseudo_terminal() as (stream, seen):
        listed([File(path, 1.5, "; ".join(f"reason number {n}" for n in range(20)), (3, 4, 5, 6))], stream)
        said = seen()
    assert path in said
    assert said.count("\n") == 2
    assert "lines 3, 4, 5; reason number 0" in said

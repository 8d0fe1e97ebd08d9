"""A client before a cloud and a box, on a repository with files that may not leave."""

from pathlib import Path
from typing import Any

from factory.contracts.model import Piece, Request
from factory.contracts.record import digest
from factory.llm.client import Client
from factory.llm.guard import Repository
from tests.desk.workshop import repository
from tests.llm.bench import Bench, Listed, endpoint, request, settings

ENV = "DATABASE_URL=postgres-at-home-17\nSTRIPE_ACCOUNT_OF_THE_SHOP=acct_1032\nshort=1\n"
FILES = {
    ".env": ENV,
    ".factoryignore": "private/\n",
    "private/plan.md": "We will buy the shop next door in March.\nSee the handbook for the common words.\n",
    "docs/handbook.md": "Intro\n\nSee the handbook for the common words.\n",
    "src/app.py": "import os\n" + "".join(f"VALUE_{n} = 'row number {n} of the application'\n" for n in range(100)),
}
PRICES = {"price_in": 1, "price_out": 1}


def made_bench(
    folder: Path, answers: list[Any], files: dict[str, str] | None = None, **egress: Any
) -> tuple[Bench, Listed]:
    """A bench with a cloud before a box, on a repository; both endpoints give the same list's answers."""
    store, tree = repository(folder, FILES if files is None else files)
    model = Listed(answers)
    cloud, box = endpoint("cloud", tier="frontier", **PRICES), endpoint("box", price_in=0, price_out=0)
    one = Bench(folder, settings(cloud, box, egress=egress), lambda _: model)
    one.client = Client(
        one.settings, lambda _: model, one.spend, one.egress, one.clock, one._hear, {},
        repository=Repository(store, tree), key=b"k" * 32,
    )  # fmt: skip
    return one, model


def piece(path: str, text: str = "x") -> Piece:
    raw = text.encode()
    return Piece(path=path, start=1, end=text.count("\n") + 1, bytes=len(raw), sha256=digest(raw))


def asked(text: str = "Say yes.", *pieces: Piece) -> Request:
    return request(text, ceiling="frontier", pieces=pieces)


def left(one: Bench) -> list[tuple[str, str, int]]:
    rows = one.db.connection().execute("SELECT endpoint, path, bytes FROM egress WHERE tier <> 'local' ORDER BY id")
    return [tuple(row) for row in rows]


def booked(one: Bench) -> int:
    """Micro-dollars reserved or spent, and rows that still wait to be settled count as a million."""
    rows = one.db.connection().execute("SELECT cost, state FROM spend WHERE kind NOT IN ('clock', 'warned')").fetchall()
    return sum(row["cost"] + 1_000_000 * (row["state"] == "reserved") for row in rows)

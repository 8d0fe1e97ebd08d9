"""The egress ledger added up for people: by run, endpoint, file or single piece, with the share of the repository."""

from collections.abc import Mapping
from typing import Literal

from factory.contracts.model import Tier
from factory.contracts.record import Record
from factory.db import Database
from factory.ledger.egress_limits import Known, covered, share

By = Literal["run", "endpoint", "file", "piece"]
KEYS: dict[By, tuple[str, ...]] = {
    "run": ("run", "tier"),
    "endpoint": ("endpoint", "tier"),
    "file": ("path", "endpoint", "tier"),
    "piece": ("path", "start", "stop", "sha256", "endpoint", "tier"),
}


class Line(Record):
    """One group. What it is not grouped by is '' or 0; path '' is everything that is not a file of the repository."""

    run: str = ""
    endpoint: str = ""
    tier: Tier
    path: str = ""
    start: int = 0  # line numbers; 0 = a diff or a listing
    stop: int = 0
    sha256: str = ""
    times: int = 0  # pieces sent, every repetition counted
    bytes: int = 0
    distinct: int = 0  # bytes of the repository, each piece counted once
    share: float | None = None  # of the repository's bytes; None = not known


class Summary(Record):
    """`repository` is the bytes of the base tree, None when the lines are of several repositories."""

    by: By
    repository: int | None
    lines: tuple[Line, ...]
    cloud: Line  # all that went to rented and frontier endpoints; not what was handed to recorded answers
    recorded: int = 0  # bytes handed to recorded answers: they went nowhere


def sums(db: Database, by: By, sizes: Mapping[str, int], *, run: str = "", day: str = "") -> Summary:
    """Of a run, of a UTC day (YYYY-MM-DD), or of everything. `sizes`: bytes of each file of the base tree, or {}."""
    rows = db.connection().execute(
        "WITH files AS (SELECT DISTINCT run, endpoint FROM spend WHERE recorded IS NOT NULL"
        " AND (:run = '' OR run = :run))"
        " SELECT run, endpoint, tier, path, start, stop, sha256, bytes, COUNT(*) AS times,"
        " (run, endpoint) IN files AS recorded FROM egress"
        " WHERE (:run = '' OR run = :run) AND (:day = '' OR substr(at, 1, 10) = :day)"
        " GROUP BY run, endpoint, tier, path, start, stop, sha256, bytes",
        {"run": run, "day": day},
    )
    groups: dict[tuple[object, ...], Line] = {}
    pieces: dict[tuple[object, ...], set[Known]] = {}
    cloud, left, recorded = Line(tier="frontier"), set[Known](), 0
    for row in rows:
        names = KEYS[by]
        key = tuple(row[name] for name in names)
        line = groups.get(key) or Line.model_validate(dict(zip(names, key, strict=True)))
        piece = {(row["path"], row["sha256"], row["bytes"])} if row["path"] else set[Known]()
        groups[key] = _more(line, row["times"], row["bytes"])
        pieces.setdefault(key, set()).update(piece)
        if row["recorded"]:
            recorded += row["times"] * row["bytes"]
        elif row["tier"] != "local":
            cloud = _more(cloud, row["times"], row["bytes"])
            left |= piece
    lines = [_whole(line, pieces[key], sizes) for key, line in groups.items()]
    return Summary(
        by=by,
        repository=sum(sizes.values()) or None,
        lines=tuple(sorted(lines, key=lambda line: (-line.bytes, line.run, line.endpoint, line.path, line.start))),
        cloud=_whole(cloud, left, sizes),
        recorded=recorded,
    )


def _more(line: Line, times: int, size: int) -> Line:
    return line.model_copy(update={"times": line.times + times, "bytes": line.bytes + times * size})


def _whole(line: Line, pieces: set[Known], sizes: Mapping[str, int]) -> Line:
    return line.but(distinct=covered(pieces, sizes), share=share(pieces, sizes))

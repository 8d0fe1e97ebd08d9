"""The limits on what leaves for a cloud, asked inside the transaction that writes the egress ledger's rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection

from factory.contracts.errors import Withheld
from factory.contracts.model import Piece, Tier

Known = tuple[str, str, int]  # path, sha256, bytes: what makes a piece the same

_TIER = "(tier = :tier OR :tier = '')"  # '' = all: what stays on the box is in none of these tables
OF_RUN = f"SELECT DISTINCT path, sha256, bytes FROM egress_pieces WHERE {_TIER} AND run = :run"  # noqa: S608 (constants)
OF_DAY = (
    f"SELECT DISTINCT path, sha256, bytes FROM egress_pieces WHERE {_TIER} AND day = :day AND"  # noqa: S608
    " (run = :run OR run IN (SELECT id FROM runs WHERE repo = (SELECT repo FROM runs WHERE id = :run)))"
)
RUN_BYTES = f"SELECT COALESCE(SUM(bytes), 0) FROM egress_sums WHERE run = :run AND {_TIER}"  # noqa: S608
DAY_BYTES = f"SELECT COALESCE(SUM(bytes), 0) FROM egress_sums WHERE day = :day AND {_TIER}"  # noqa: S608


@dataclass(frozen=True)
class Caps:
    """What may be sent to one tier, in bytes; None = no limit. `sizes` are those of the repository's files.

    `clouds`: what may be sent to all tiers that are not local together.
    """

    run_bytes: int | None = None
    day_bytes: int | None = None
    run_share: int | None = None
    day_share: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    clouds: "Caps | None" = None


def check(db: Connection, run: str, tier: Tier, day: str, caps: Caps, pieces: Sequence[Piece], rest: Piece) -> None:
    """Raises Withheld when these pieces and the rest of the prompt would pass a limit, of the tier or of all."""
    _check(db, run, tier, day, caps, pieces, rest)
    if caps.clouds:
        _check(db, run, "", day, caps.clouds, pieces, rest)


def _check(db: Connection, run: str, tier: str, day: str, caps: Caps, pieces: Sequence[Piece], rest: Piece) -> None:
    place = {"run": run, "tier": tier, "day": day}
    size = rest.bytes + sum(piece.bytes for piece in pieces)
    for name, cap, query in (("run_kib", caps.run_bytes, RUN_BYTES), ("day_kib", caps.day_bytes, DAY_BYTES)):
        if cap is not None:
            used = int(db.execute(query, place).fetchone()[0])
            if used + size > cap:
                raise Withheld(_sentence(_key(tier, name), cap, used, size, ""))
    new = {(piece.path, piece.sha256, piece.bytes) for piece in pieces if piece.path}
    if not new:
        return
    for name, cap, query in (("run_share", caps.run_share, OF_RUN), ("day_share", caps.day_share, OF_DAY)):
        if cap is not None:
            before = {(row[0], row[1], row[2]) for row in db.execute(query, place)}
            used, wanted = covered(before, caps.sizes), covered(before | new, caps.sizes)
            if wanted > cap and wanted > used:
                raise Withheld(_sentence(_key(tier, name), cap, used, wanted - used, " of the repository"))


class Leaving:
    """The gateway's part: bytes of a day by tier ('': all), read once for a group of requests and counted on."""

    def __init__(self, db: Connection, day: str, most: Mapping[str, int]) -> None:
        self._db, self._day, self._most = db, day, most
        self._used: dict[str, int] = {}

    def refusal(self, tier: Tier, size: int) -> str:
        """Why so many bytes may not leave, or '': then they are counted."""
        limited = [each for each in (tier, "") if each in self._most]
        for each in limited:
            if each not in self._used:
                place = {"day": self._day, "tier": each}
                self._used[each] = int(self._db.execute(DAY_BYTES, place).fetchone()[0])
            if self._used[each] + size > self._most[each]:
                said = _sentence(_key(each, "day_kib"), self._most[each], self._used[each], size, " a day (UTC)")
                return f"{said}."
        for each in limited:
            self._used[each] += size
        return ""


def covered(pieces: Iterable[Known], sizes: Mapping[str, int]) -> int:
    """Bytes of the repository that these pieces show: of a file at most all of it. Pieces may overlap: it is the most.

    What `sizes` does not know (a file that the run made) counts as it is.
    """
    files: dict[str, int] = {}
    for path, _, size in pieces:
        files[path] = files.get(path, 0) + size
    return sum(min(size, sizes.get(path, size)) for path, size in files.items())


def share(pieces: Iterable[Known], sizes: Mapping[str, int]) -> float | None:
    """The part of the repository that these pieces show; None when its size is not known."""
    whole = sum(sizes.values())
    return min(1.0, covered(pieces, sizes) / whole) if whole else None


def _key(tier: str, name: str) -> str:
    return f"egress.{tier}.{name}" if tier else f"egress.{name}"


def _sentence(name: str, cap: int, used: int, wanted: int, what: str) -> str:
    return (
        f"{name} allows {_kib(cap)}{what}: {_kib(used)} were sent, and this request would send {_kib(wanted)} more. "
        f"Raise {name} in factory.toml, or let a local endpoint answer"
    )


def _kib(size: int) -> str:
    return f"{size / 1024:,.1f} KiB"

"""The limits on what leaves for a cloud, asked inside the transaction that writes the egress ledger's rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection

from factory.contracts.errors import Withheld
from factory.contracts.model import Piece, Tier

Known = tuple[str, str, int]  # path, sha256, bytes: what makes a piece the same

OF_RUN = "SELECT DISTINCT path, sha256, bytes FROM egress_pieces WHERE tier = :tier AND run = :run"
OF_DAY = (
    "SELECT DISTINCT path, sha256, bytes FROM egress_pieces WHERE tier = :tier AND day = :day AND"
    " (run = :run OR run IN (SELECT id FROM runs WHERE repo = (SELECT repo FROM runs WHERE id = :run)))"
)
RUN_BYTES = "SELECT COALESCE(SUM(bytes), 0) FROM egress_sums WHERE run = :run AND tier = :tier"
DAY_BYTES = "SELECT COALESCE(SUM(bytes), 0) FROM egress_sums WHERE day = :day AND tier = :tier"


@dataclass(frozen=True)
class Caps:
    """What may be sent to one tier, in bytes; None = no limit. `sizes` are those of the repository's files."""

    run_bytes: int | None = None
    day_bytes: int | None = None
    run_share: int | None = None
    day_share: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)


def check(db: Connection, run: str, tier: Tier, day: str, caps: Caps, pieces: Sequence[Piece], rest: Piece) -> None:
    """Raises Withheld when these pieces and the rest of the prompt would pass a limit."""
    place = {"run": run, "tier": tier, "day": day}
    size = rest.bytes + sum(piece.bytes for piece in pieces)
    for name, cap, query in (("run_kib", caps.run_bytes, RUN_BYTES), ("day_kib", caps.day_bytes, DAY_BYTES)):
        if cap is not None:
            used = int(db.execute(query, place).fetchone()[0])
            if used + size > cap:
                raise Withheld(_sentence(f"egress.{tier}.{name}", cap, used, size, ""))
    new = {(piece.path, piece.sha256, piece.bytes) for piece in pieces if piece.path}
    if not new:
        return
    for name, cap, query in (("run_share", caps.run_share, OF_RUN), ("day_share", caps.day_share, OF_DAY)):
        if cap is not None:
            before = {(row[0], row[1], row[2]) for row in db.execute(query, place)}
            used, wanted = covered(before, caps.sizes), covered(before | new, caps.sizes)
            if wanted > cap and wanted > used:
                raise Withheld(_sentence(f"egress.{tier}.{name}", cap, used, wanted - used, " of the repository"))


class Leaving:
    """The gateway's part: bytes of a day by tier, read once for a group of requests and counted on."""

    def __init__(self, db: Connection, day: str, most: Mapping[Tier, int]) -> None:
        self._db, self._day, self._most = db, day, most
        self._used: dict[Tier, int] = {}

    def refusal(self, tier: Tier, size: int) -> str:
        """Why so many bytes may not leave, or '': then they are counted."""
        cap = self._most.get(tier)
        if cap is None:
            return ""
        if tier not in self._used:
            place = {"day": self._day, "tier": tier}
            self._used[tier] = int(self._db.execute(DAY_BYTES, place).fetchone()[0])
        used = self._used[tier]
        if used + size > cap:
            return f"{_sentence(f'egress.{tier}.day_kib', cap, used, size, ' a day (UTC)')}."
        self._used[tier] = used + size
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


def _sentence(name: str, cap: int, used: int, wanted: int, what: str) -> str:
    return (
        f"{name} allows {_kib(cap)}{what}: {_kib(used)} were sent, and this request would send {_kib(wanted)} more. "
        f"Raise {name} in factory.toml, or let a local endpoint answer"
    )


def _kib(size: int) -> str:
    return f"{size / 1024:,.1f} KiB"

"""What each key used today: for the status page and `factory ledger keys`."""

from collections.abc import Iterable, Mapping

from factory.contracts.record import Record
from factory.contracts.serving import KeySettings
from factory.db import Database
from factory.ledger.spend import micro
from factory.ledger.till_book import Spent


class KeyDay(Record):
    """One key's UTC day. `cost` and `cap` in micro-dollars, open reservations at their worst case; None is no limit.

    `tokens` is what counts against `cap_tokens`: used or reserved; `tokens_in` and `tokens_out` are used.
    """

    key: str  # '' is anybody on this machine
    requests: int
    tokens_in: int
    tokens_out: int
    tokens: int
    cost: int
    cap: int | None
    cap_tokens: int | None


def days_of_keys(
    db: Database, day: str, keys: Mapping[str, KeySettings], unwritten: Iterable[Spent] = ()
) -> tuple[KeyDay, ...]:
    """Each configured key and each other that was used that day, by name; `unwritten` is added."""
    query = (
        "SELECT key, SUM(calls), SUM(tokens_in), SUM(tokens_out), SUM(tokens), SUM(cost) FROM day_totals"
        " WHERE day = ? AND (key <> '' OR kind = 'serve') AND kind <> 'warned' GROUP BY key"
    )
    sums = {str(row[0]): [int(amount) for amount in row[1:]] for row in db.connection().execute(query, (day,))}
    for use in unwritten:
        if use.charge.kind == "serve":
            read, written = use.usage.input, use.usage.output
            more = (use.calls, read, written, read + written, use.cost)
            before = sums.get(use.charge.key, [0] * len(more))
            sums[use.charge.key] = [old + new for old, new in zip(before, more, strict=True)]
    return tuple(_day(key, sums.get(key, [0] * 5), keys.get(key)) for key in sorted({*sums, *keys}))


def _day(key: str, sums: list[int], settings: KeySettings | None) -> KeyDay:
    requests, read, written, tokens, cost = sums
    cap = settings.day_usd if settings else None
    return KeyDay(
        key=key, requests=requests, tokens_in=read, tokens_out=written, tokens=tokens, cost=cost,
        cap=None if cap is None else micro(cap), cap_tokens=settings.day_tokens if settings else None,
    )  # fmt: skip

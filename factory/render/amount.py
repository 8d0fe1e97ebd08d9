"""Amounts as people read them: money, time, bytes, tokens, counts."""

from factory.contracts.evidence import Outcome


def money(micro: int) -> str:
    """US dollars from micro-dollars: two digits from a dollar on, more below, never a misleading $0.00."""
    dollars = micro / 1_000_000
    if micro == 0:
        return "$0.00"
    if 0 < micro < 100:
        return "<$0.0001"
    if abs(dollars) < 0.01:
        return f"${dollars:.4f}"
    return f"${dollars:,.3f}" if abs(dollars) < 1 else f"${dollars:,.2f}"


def cost(micro: int, recorded: bool) -> str:
    """What calls cost; of recorded answers with the word that keeps it apart from money."""
    return f"{money(micro)} (recorded, nobody was paid)" if recorded else money(micro)


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 m 05 s`, `2 h 10 m`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def size(count: int) -> str:
    """Bytes in binary units."""
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def share(count: int, part: float | None) -> str:
    """Bytes and which part of a whole they are: `12 KiB, 3.1 %`; `-` for none."""
    if not count:
        return "-"
    return size(count) if part is None else f"{size(count)}, {percent(part)}"


def percent(part: float) -> str:
    """`3.1 %`; what is there is never 0."""
    return f"{part:.1%}".replace("%", " %") if part >= 0.0005 or not part else "<0.1 %"


def tokens(count: int) -> str:
    """`812`, `8.1k`, `82k`, `1.3M`."""
    if count < 1000:
        return str(count)
    if count < 999_500:
        return f"{count / 1000:.1f}k" if count < 9_950 else f"{count / 1000:.0f}k"
    return f"{count / 1_000_000:.1f}M"


def many(count: int, noun: str, plural: str = "") -> str:
    """`1 file`, `2 files`, `0 files`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def counted(outcome: Outcome) -> str:
    """What a suite said on one tree: counts where the runner gave them, else how it ended."""
    if outcome.status == "none":
        return "did not run"
    counts = outcome.counts
    if not outcome.counted:
        return f"{outcome.status} (exit {outcome.exit_code}, no counts)"
    parts = [f"{counts.passed} passed"]
    named = (
        (counts.failed, "failed"),
        (counts.errors, "error" if counts.errors == 1 else "errors"),
        (counts.skipped, "skipped"),
    )
    parts += [f"{number} {word}" for number, word in named if number]
    if outcome.status not in ("passed", "failed"):
        parts.append(outcome.status)
    return ", ".join(parts)

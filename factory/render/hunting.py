"""What a hunt found, for a terminal: by detector, worst first, a line each, and what to type next."""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import IO

from factory.contracts.catch import Catch, Ranked
from factory.render import amount
from factory.render.filing import said
from factory.render.findings import COLOURS
from factory.render.stream import Quiet, is_terminal
from factory.render.terminal import console
from factory.render.text import clip, line

LEAST = 60  # columns that a message needs to say something; with less it gets a line of its own
SHOWN = 5  # findings of a detector, unless all are asked for
WIDE = 160  # columns, where nobody says


def hunting(catch: Catch, stream: IO[str], *, everything: bool = False, limit: int = 0, where: str = "") -> None:
    """`everything`: also what the baseline knows, and each group whole. `limit`: at most so many findings in all.
    `where`: options that name the same repository and branch, "" = here."""
    rows = catch.ranked if everything else catch.fresh
    rows = rows[:limit] if limit else rows
    drawn = _Drawn(stream)
    for group in _groups(rows):
        _group(catch, group, drawn, len(group) if everything or limit else SHOWN, f" {where}" if where else "")
    for text in (*_summary(catch), *_trouble(catch)):
        drawn.line(text)


class _Drawn:
    """Styled words on a terminal, the plain ones else; a line is never broken in two on a terminal."""

    def __init__(self, stream: IO[str]) -> None:
        self.rich = console(stream) if is_terminal(stream) else None
        self.plain = Quiet(stream)
        self.width = self.rich.width if self.rich else WIDE

    def line(self, *parts: tuple[str, str] | str) -> None:
        pairs = [(part, "") if isinstance(part, str) else part for part in parts]
        if self.rich is None:
            self.plain.line("".join(words for words, _ in pairs))
            return
        from rich.text import Text

        text = Text()
        for words, style in pairs:
            text.append(words, style=style)
        self.rich.print(text, soft_wrap=False)

    def under(self, indent: int, words: str) -> None:
        """A sentence below what it is about, broken between words."""
        for part in textwrap.wrap(words, max(20, self.width - indent)):
            self.line(" " * indent, part)


def _groups(rows: Iterable[Ranked]) -> list[list[Ranked]]:
    """By detector; the group with the highest rank first."""
    made = [list(group) for _, group in groupby(sorted(rows, key=_order), key=lambda row: row.finding.rule)]
    return sorted(made, key=lambda group: (-group[0].rank, group[0].finding.rule))


def _order(row: Ranked) -> tuple[str, float, str, int]:
    return row.finding.rule, -row.rank, row.finding.path, row.finding.start


def _group(catch: Catch, group: Sequence[Ranked], drawn: _Drawn, most: int, options: str) -> None:
    rule = next((each for each in catch.rules if each.id == group[0].finding.rule), None)
    worst = group[0].finding
    title = f"  {rule.title}" if rule else ""
    drawn.line((worst.rule, COLOURS[worst.severity]), title, (f"  ({len(group):,})", "dim"))
    shown = group[:most]
    wheres = [line(f"{row.finding.path}:{row.finding.start}", 90) for row in shown]
    width = min(max(map(len, wheres)), max(20, drawn.width // 2 - 10))
    for row, where in zip(shown, wheres, strict=True):
        mark = "known" if row.known else "mends itself" if row.mend else ""
        room = max(20, drawn.width - 10 - max(width, len(where)) - 2 - (len(mark) + 2 if mark else 0))
        words, marked = line(said(row.finding, rule), 400), (f"  {mark}" if mark else "", "dim")
        if room < LEAST and len(words) > room:
            drawn.line((f"  {row.rank:5.1f}  ", "dim"), where, marked)
            drawn.under(9, words)
        else:
            drawn.line((f"  {row.rank:5.1f}  ", "dim"), where.ljust(width), "  ", clip(words, room), marked)
    if len(group) > most:
        drawn.line((f"         and {len(group) - most:,} more: factory hunt --only {worst.rule} --all{options}", "dim"))
    drawn.line("")


def _summary(catch: Catch) -> list[str]:
    fresh, known = len(catch.fresh), len(catch.ranked) - len(catch.fresh)
    hunted = catch.hunted
    skipped = f", {sum(hunted.skipped.values()):,} left out" if hunted.skipped else ""
    rows = [
        f"{amount.many(fresh, 'finding') if fresh else 'Nothing new'} in {amount.many(hunted.files, 'file')}{skipped}, "
        f"{amount.duration(hunted.seconds)}, commit {catch.commit[:10]}."
    ]
    quiet = [(known, "in the baseline"), (hunted.hushed, "switched off in the code"),
             (hunted.below, "below the settings' severity or confidence")]  # fmt: skip
    if any(count for count, _ in quiet):
        rows.append(f"Not shown: {', '.join(f'{count:,} {why}' for count, why in quiet if count)}.")
    return rows


def _trouble(catch: Catch) -> list[str]:
    hunted = catch.hunted
    said = [f"{each.name} gave nothing: {line(each.problem, 300)}" for each in hunted.engines if each.problem]
    said += [line(each, 300) for each in hunted.problems]
    if hunted.failed:
        names = ", ".join(line(path, 80) for path in hunted.failed[:3])
        said.append(f"{amount.many(len(hunted.failed), 'file')} could not be looked at: {names}")
    return [f"! {each}" for each in said]


def following(catch: Catch, where: str = "") -> list[str]:
    """What to type next, one line each. `where`: options that name the same repository and branch, "" = here."""
    mendable = sum(len(theme.findings) for theme in catch.themes)
    where = f" {where}" if where else ""
    rows = []
    if mendable:
        pulls = amount.many(len(catch.themes), "pull request")
        rows.append(f"factory hunt --fix{where}              # mend {mendable:,} of them without a model, in {pulls}")
    if catch.fresh:
        first = catch.fresh[0].finding
        rows.append(
            f"factory hunt --task {first.id}{where} | factory run --issue -{where}    # a model mends the first"
        )
        rows.append(f"factory hunt --write-baseline{where}   # live with these for now: only new ones count")
    return rows

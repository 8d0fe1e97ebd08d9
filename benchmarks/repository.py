"""Repositories to measure on, written from a seed: the same each time."""

import random
import subprocess
from pathlib import Path

WORDS = "order cart price parcel customer invoice stock ledger route token batch index page query shelf label".split()
TEST = """\
import unittest

from shop import area00


class TestTotals(unittest.TestCase):
    def test_adds(self):
        self.assertEqual(area00.ANSWER + {number}, {sum})
"""


def large(folder: Path, files: int = 7_000, lines: int = 500_000) -> Path:
    """A repository of so many files and lines: Python modules in 70 packages, pages and prose between, few tests."""
    dice = random.Random(7)
    folder.mkdir(parents=True)
    each = lines // files
    for number in range(files):
        area, name = number % 70, number // 70
        suffix = ("py", "py", "py", "py", "py", "py", "js", "md")[name % 8]
        path = folder / "shop" / f"area{area:02d}" / f"{WORDS[name % len(WORDS)]}_{name:03d}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(dice, number, each + (number < lines % files)))
    for area in range(70):
        (folder / "shop" / f"area{area:02d}" / "__init__.py").write_text(f"ANSWER = {area + 42}\n")
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "tests").mkdir()
    (folder / "tests" / "__init__.py").write_text("")
    for number in range(5):
        (folder / "tests" / f"test_{number}.py").write_text(TEST.format(number=number, sum=number + 42))
    return committed(folder)


def _text(dice: random.Random, number: int, lines: int) -> str:
    rows: list[str] = []
    while len(rows) + 5 <= lines:
        verb, noun, other = dice.choice(WORDS), dice.choice(WORDS), dice.choice(WORDS)
        name = f"{verb}_{noun}_{number}_{len(rows)}"
        rows += [
            f"def {name}({noun}, {other}_id={dice.randrange(10**6)}):",
            f'    """The {verb} of a {noun}, counted from {dice.randrange(100)} {other}s."""',
            f"    {other} = {noun} * {dice.randrange(1000)} + {other}_id",
            f"    return {other} - {dice.randrange(10**9)}",
            "",
        ]
    return "\n".join(rows + ["#"] * (lines - len(rows))) + "\n"


def small(folder: Path) -> Path:
    """One module; its test is a command of the settings."""
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("X = 1\n")
    return committed(folder)


def committed(folder: Path) -> Path:
    """`folder` as a git repository with one commit, packed as a clone's would be."""
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=Bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", "all"],
        ["repack", "-adq"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder

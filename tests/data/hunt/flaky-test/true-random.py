# at: tests/test_dice.py
import random


def test_dice(table):
    assert table.lookup(random.randint(1, 6)) != "lost"  # HIT

# at: tests/test_seeded.py
import random


def test_seeded(table):
    random.seed(7)
    assert table.lookup(random.randint(1, 6)) != "lost"

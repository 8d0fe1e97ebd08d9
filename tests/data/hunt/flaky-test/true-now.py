# at: tests/test_now.py
from datetime import datetime


def test_now(order):
    assert order.created == datetime.now()  # HIT

# at: tests/test_rates.py
import time


def test_rates(meter):
    meter.read()
    time.sleep(0.1)
    meter.read()
    assert meter.rate >= 0

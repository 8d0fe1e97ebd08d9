# at: tests/test_rates.py
import requests


def test_rates(server):
    assert requests.get(server.url).status_code == 200

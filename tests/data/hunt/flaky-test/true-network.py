# at: tests/test_client.py
import requests


def test_client():
    answer = requests.get("https://api.shop.net/health", timeout=5)  # HIT
    assert answer.ok

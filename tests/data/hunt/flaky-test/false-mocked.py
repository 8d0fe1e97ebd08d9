# at: tests/test_mocked.py
import requests
import responses


@responses.activate
def test_mocked():
    responses.get("https://api.shop.net/health", json={})
    assert requests.get("https://api.shop.net/health", timeout=5).ok

# at: tests/test_marked.py
import pytest
import requests


@pytest.mark.network
def test_marked():
    assert requests.get("https://api.shop.net/health", timeout=5).ok

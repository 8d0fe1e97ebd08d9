# at: tests/test_local.py
import requests


def test_local(port):
    assert requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok
    assert requests.get("http://localhost:8000/health", timeout=5).ok

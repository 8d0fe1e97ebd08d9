import requests


def latest() -> str:
    return requests.get("https://api.github.com/repos/shop/shop/releases/latest", timeout=5).json()["name"]

import requests


def stock(item: str) -> int:
    return requests.get("http://10.4.7.21:8080/stock", params={"item": item}, timeout=5).json()["count"]  # HIT


def health() -> bool:
    return requests.get("http://inventory:8080/health", timeout=5).ok  # HIT

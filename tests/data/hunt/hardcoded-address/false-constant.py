import requests

STOCK_URL = "http://10.4.7.21:8080/stock"


def stock() -> int:
    return requests.get(STOCK_URL, timeout=5).json()["count"]

import httpx


def slow(url):
    return httpx.get(url, timeout=None)  # HIT

import httpx


def rows(url):
    return httpx.get(url).json()

import requests


def session_with(adapter):
    session = requests.Session()
    session.mount("https://", adapter)
    return session.get("https://api.shop.net/rates")

import requests


def rates():
    return requests.get("https://api.shop.net/rates").json()  # HIT

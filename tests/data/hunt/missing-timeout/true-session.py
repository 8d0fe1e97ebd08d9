import requests


def rows(url):
    session = requests.Session()
    return session.get(url).json()  # HIT

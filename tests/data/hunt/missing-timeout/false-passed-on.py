import requests


def call(url, **options):
    return requests.get(url, **options)

import gevent
import requests


def page(url):
    with gevent.Timeout(5):
        return requests.get(url).text

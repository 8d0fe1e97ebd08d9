from contextlib import closing
from urllib.request import urlopen


def page(url):
    with closing(urlopen(url, timeout=5)) as answer:
        return answer.read()

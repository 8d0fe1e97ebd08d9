import urllib.request


def page(url):
    return urllib.request.urlopen(url, timeout=5).read()  # HIT

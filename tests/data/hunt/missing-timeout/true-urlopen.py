from urllib.request import urlopen


def page(url):
    with urlopen(url) as answer:  # HIT
        return answer.read()

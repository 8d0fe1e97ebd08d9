import socket
from urllib.request import urlopen

socket.setdefaulttimeout(20)


def page(url):
    return urlopen(url).read()

import socket
from urllib.request import urlopen


def page(url):
    socket.create_connection(("shop.net", 80), 3).close()
    return urlopen(url, None, 5).read()

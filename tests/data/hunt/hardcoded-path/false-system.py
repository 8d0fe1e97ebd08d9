SOCKET = "/var/run/shop.sock"
TEMP = "/tmp"

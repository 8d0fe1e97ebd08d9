import socket


def tell(message: bytes) -> None:
    with socket.create_connection(("192.168.1.40", 9000), timeout=3) as line:  # HIT
        line.sendall(message)

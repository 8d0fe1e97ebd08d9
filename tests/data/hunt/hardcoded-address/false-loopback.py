import ipaddress
import socket


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def documented() -> list[str]:
    return ["192.0.2.1", "198.51.100.7", "0.0.0.0", str(ipaddress.IPv4Address("255.255.255.0"))]

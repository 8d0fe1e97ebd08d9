import socket


def own_address(family):
    # any private address: nothing is sent
    host = "fd31:f903:5ab5:2::1" if family == socket.AF_INET6 else "10.17.44.9"
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))
        return probe.getsockname()[0]

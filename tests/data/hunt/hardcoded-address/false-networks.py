PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


def is_private(address, ip_network):
    return any(address in ip_network(net) for net in ("10.0.0.0/8", "100.64.0.0/10"))

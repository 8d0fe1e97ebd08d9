def is_resolver(flow):
    return flow.mode == "wireguard" and flow.server.address == ("10.0.0.53", 53)

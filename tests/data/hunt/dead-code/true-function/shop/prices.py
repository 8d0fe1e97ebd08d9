def gross(net):
    return net * 1.19


def gross_with_rebate(net, rebate):  # HIT
    return gross(net) * (1 - rebate)

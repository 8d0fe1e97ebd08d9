def price(item, rate):
    net = item.net
    gross = net * rate  # HIT
    return net

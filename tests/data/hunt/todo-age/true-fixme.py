def total(prices):
    return sum(prices)  # FIXME this loses cents  # HIT

def total(prices):
    # TODO: round half up  # YOUNG
    return sum(prices)

def total(prices, extras=[]):
    return sum(prices) + sum(extra.price for extra in extras)

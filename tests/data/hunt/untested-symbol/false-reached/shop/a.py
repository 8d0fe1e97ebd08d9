def alpha(x):
    return gamma(x) + 1


def gamma(x):
    y = x  # YOUNG
    y += 0  # YOUNG
    y += 0  # YOUNG
    return y

def alpha(x):
    y = x  # YOUNG
    y += 1  # YOUNG
    y += 0  # YOUNG
    return y

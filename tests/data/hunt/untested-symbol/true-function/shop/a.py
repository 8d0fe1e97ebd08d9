def alpha(x):
    return x + 1


def beta(x):  # HIT
    y = x * 2  # YOUNG
    if y > 3:  # YOUNG
        y -= 1  # YOUNG
    return y

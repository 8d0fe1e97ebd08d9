def alpha(x):
    return x + 1


def beta(x):
    y = x * 2
    if y > 3:
        y -= 1
    return y

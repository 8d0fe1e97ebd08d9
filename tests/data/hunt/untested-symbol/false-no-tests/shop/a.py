def beta(x):
    y = x * 2  # YOUNG
    if y > 3:  # YOUNG
        y -= 1  # YOUNG
    return y

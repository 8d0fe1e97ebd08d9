def outer(x):
    return inner_step(x)


def inner_step(x):  # HIT
    found = []  # YOUNG
    for each in range(x):  # YOUNG
        found.append(each)
    return found


def start():
    return outer(3)

def alpha(x):
    return x + 1


class Basket:
    def weigh(self, scale):  # HIT
        total = 0  # YOUNG
        for item in scale:  # YOUNG
            total += item
        return total

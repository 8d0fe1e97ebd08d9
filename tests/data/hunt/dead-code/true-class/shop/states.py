class Waiting:
    pass


class NeverReached:  # HIT
    pass


FIRST = Waiting()

class Cart:
    def __init__(self):
        self.items = []

    def add(self, item):
        self.items.append(item)

    def drop_everything_twice(self):  # HIT
        self.items.clear()

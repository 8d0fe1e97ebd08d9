from framework import Handler


def alpha(x):
    return x + 1


class Mine(Handler):
    def received(self, message):
        self.count += 1  # YOUNG
        self.last = message  # YOUNG
        self.all.append(message)  # YOUNG
        return None

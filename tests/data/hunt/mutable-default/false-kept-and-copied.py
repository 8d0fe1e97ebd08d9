import copy


class Model:
    def __init__(self, initial={}):
        self.initial = initial

    def reset(self):
        self.stats = copy.copy(self.initial)

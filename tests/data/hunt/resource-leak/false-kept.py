class Journal:
    def __init__(self, path):
        self.file = open(path, "a")

    def other(self, path):
        handle = open(path)
        self.handles = [handle]

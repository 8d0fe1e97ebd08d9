class Printer:
    def __init__(self):
        self.rows = []

    def _call_print(self, *objects):
        self.rows.append(objects)


print(Printer())

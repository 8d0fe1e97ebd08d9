from datetime import datetime


class Slot:
    def __repr__(self):
        return f"Slot({datetime.fromtimestamp(self.seen).isoformat()})"

from datetime import datetime


class Event:
    def __init__(self):
        self.created = datetime.utcnow()  # HIT

from datetime import datetime


def line(text):
    return "[{}] {}".format(datetime.utcnow(), text)  # HIT

from datetime import datetime


def title():
    return datetime.now().strftime("%A, %H:%M")

from datetime import datetime


def point(value):
    return {"value": value, "time": datetime.now().isoformat() + "Z"}  # HIT

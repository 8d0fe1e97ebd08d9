from datetime import datetime


def record(name):
    return {"name": name, "when": datetime.now().isoformat()}  # HIT

import datetime


def created():
    return {"created": datetime.datetime.utcnow().isoformat()}  # HIT

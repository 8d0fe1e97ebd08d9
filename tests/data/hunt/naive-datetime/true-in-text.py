from datetime import datetime


def header():
    return f"made at {datetime.utcnow()}"  # HIT

from datetime import datetime


def measured(work):
    start = datetime.now()
    work()
    return datetime.now() - start  # HIT

import datetime as dt


def modified(seconds):
    return dt.datetime.fromtimestamp(seconds).isoformat()  # HIT

from datetime import datetime


def date_header():
    return datetime.utcnow().strftime("%a, %d %b %Y %H:%M:%S GMT")

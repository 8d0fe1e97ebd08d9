import os


def forget(path):
    try:
        os.remove(path)
    except Exception:  # HIT
        pass

from pathlib import Path, PurePath  # HIT


def home():
    return Path.home()

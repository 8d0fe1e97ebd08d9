def size(path):
    try:
        return path.stat().st_size
    except OSError:
        return 0

import gzip


def unpacked(path):
    return gzip.open(path).read()  # HIT

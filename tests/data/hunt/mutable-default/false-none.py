def collect(item, into=None):
    into = [] if into is None else into
    into.append(item)
    return into

def collect(item, into=[]):  # HIT
    into.append(item)
    return into

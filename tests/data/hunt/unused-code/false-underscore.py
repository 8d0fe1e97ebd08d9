def first(pairs):
    for _name, value in pairs:
        return value
    _unused = len(pairs)
    return None

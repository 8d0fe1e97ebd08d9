def extend(items, more=[]):
    more = list(more)
    more.append(len(items))
    return more

def forget(cache, key):
    try:
        del cache[key]
    except KeyError:
        pass

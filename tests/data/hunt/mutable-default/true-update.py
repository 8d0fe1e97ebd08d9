async def merge(new, into={}):  # HIT
    into.update(new)
    return dict(into)

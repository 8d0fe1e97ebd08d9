def fields(thing):
    rows = []
    for name in dir(thing):
        try:
            rows.append((name, repr(getattr(thing, name))))
        except Exception:
            pass
    return rows

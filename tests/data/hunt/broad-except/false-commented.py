def describe(thing):
    try:
        name = thing.name
        kind = type(thing).__name__
        return f"{kind} {name}"
    except Exception:
        # objects of plugins may raise anything from their properties
        return "unknown"

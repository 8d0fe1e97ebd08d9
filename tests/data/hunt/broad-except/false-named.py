def port(fields):
    try:
        raw = fields["port"]
        number = int(raw)
        return number
    except (KeyError, ValueError):
        return None

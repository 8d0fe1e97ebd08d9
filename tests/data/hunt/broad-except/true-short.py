def port(fields):
    try:
        return int(fields["port"])
    except Exception:  # HIT
        return 8080

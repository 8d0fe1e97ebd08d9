def config(path, parse):
    settings = {}
    try:
        settings = parse(path.read_text())
    except FileNotFoundError:
        settings = {"new": True}
    except Exception:  # HIT
        pass
    return settings

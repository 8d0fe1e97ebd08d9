def load(text):
    import json  # HIT

    return text.split()

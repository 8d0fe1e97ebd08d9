def kind(size):
    if size > 10:
        return "large"
        size = 10  # HIT
    return "small"

def options(found=set()):  # HIT
    return found

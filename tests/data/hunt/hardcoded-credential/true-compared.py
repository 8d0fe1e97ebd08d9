def allowed(token):
    return token == "9c1f7be2a40d53"  # HIT

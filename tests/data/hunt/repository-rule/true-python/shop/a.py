def run():
    print("x")  # HIT

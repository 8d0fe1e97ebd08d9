MODEL = "/Users/annika/Downloads/model.bin"  # HIT

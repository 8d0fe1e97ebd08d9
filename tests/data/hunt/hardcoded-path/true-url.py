BROKER = {"sqlite": "file:///home/lena/shop.db"}  # HIT

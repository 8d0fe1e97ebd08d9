import sys

sys.path.insert(0, "/home/tobias/shop/src")  # HIT

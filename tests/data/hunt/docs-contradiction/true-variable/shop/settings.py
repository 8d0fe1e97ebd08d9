import os

DATABASE = os.environ["SHOP_DATABASE"]
DEBUG = os.environ.get("SHOP_DEBUG")

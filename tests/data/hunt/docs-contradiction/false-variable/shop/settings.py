import os

A = os.environ["SHOP_A"], os.environ["SHOP_B"]
REST = {k: v for k, v in os.environ.items() if k.startswith("SHOP_")}

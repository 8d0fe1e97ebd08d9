# at: shop/orm.py
# TODO: these columns need no decorator when we can require sqlalchemy 2
OWNER = 1

# TODO(#482): round half up
# TODO: https://tracker.shop.net/browse/SHOP-12
# FIXME SHOP-77 loses cents
RATE = 2

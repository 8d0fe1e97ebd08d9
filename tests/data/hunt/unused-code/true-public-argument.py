def process(order_to_ship, debug_of_shipping=None):  # HIT
    return order_to_ship.ship()

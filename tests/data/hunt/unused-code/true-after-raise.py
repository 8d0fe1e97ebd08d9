def refuse(order_to_refuse):
    raise ValueError(order_to_refuse)
    order_to_refuse.close()  # HIT

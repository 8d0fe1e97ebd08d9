from shop.web import route


@route("/orders")
def list_of_orders():
    return []

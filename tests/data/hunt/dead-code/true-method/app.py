from shop.cart import Cart

Cart().add(3)

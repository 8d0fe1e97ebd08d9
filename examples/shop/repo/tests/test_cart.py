import unittest

from shop.cart import Cart, OutOfStock


class CartTest(unittest.TestCase):
    def test_empty_cart_costs_nothing(self):
        self.assertEqual(Cart().total(), 0)

    def test_shipping_is_added(self):
        cart = Cart()
        cart.add("tea", 2)
        self.assertEqual(cart.total(), 2 * 749 + 490)

    def test_shipping_is_free_from_fifty_euros(self):
        cart = Cart()
        cart.add("pot")
        cart.add("tin")
        self.assertEqual(cart.shipping(), 0)

    def test_stock_is_a_limit(self):
        with self.assertRaises(OutOfStock):
            Cart().add("pot", 4)

    def test_removed_products_cost_nothing(self):
        cart = Cart()
        cart.add("mug")
        cart.remove("mug")
        self.assertEqual(cart.total(), 0)

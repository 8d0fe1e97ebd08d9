import unittest

from shop.money import euros, share


class MoneyTest(unittest.TestCase):
    def test_euros(self):
        self.assertEqual(euros(1234), "12.34 EUR")
        self.assertEqual(euros(-5), "-0.05 EUR")

    def test_share_rounds_half_up(self):
        self.assertEqual(share(1999, 10), 200)
        self.assertEqual(share(1994, 10), 199)

    def test_share_refuses_nonsense(self):
        with self.assertRaises(ValueError):
            share(100, 101)

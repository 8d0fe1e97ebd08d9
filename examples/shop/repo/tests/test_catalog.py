import unittest

from shop import catalog


class CatalogTest(unittest.TestCase):
    def test_find(self):
        self.assertEqual(catalog.find("mug").price, 1299)

    def test_unknown(self):
        with self.assertRaises(catalog.UnknownProduct):
            catalog.find("yacht")

    def test_search_is_cheapest_first(self):
        self.assertEqual([product.id for product in catalog.search("tea")], ["tin", "tea", "pot"])

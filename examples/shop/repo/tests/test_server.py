import io
import json
import unittest

from shop.server import Shop


def call(shop, method, path, data=None):
    """(status, decoded answer) of one request."""
    body = json.dumps(data).encode() if data is not None else b""
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    status = []
    answer = b"".join(shop(environ, lambda line, headers: status.append(line)))
    return status[0], json.loads(answer)


class ServerTest(unittest.TestCase):
    def test_products(self):
        status, products = call(Shop(), "GET", "/api/products")
        self.assertEqual(status, "200 OK")
        self.assertEqual(len(products), 4)

    def test_adding_to_the_cart(self):
        _, cart = call(Shop(), "POST", "/api/cart", {"id": "tea", "count": 2})
        self.assertEqual(cart["subtotal"], 1498)

    def test_unknown_product(self):
        status, answer = call(Shop(), "POST", "/api/cart", {"id": "yacht"})
        self.assertEqual(status, "400 Bad Request")
        self.assertIn("yacht", answer["error"])

"""The JSON interface, as a WSGI application. See docs/api.md."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from shop import catalog
from shop.cart import Cart, OutOfStock

WEB = Path(__file__).parent.parent / "web"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def view(cart: Cart) -> dict[str, Any]:
    """The cart as the page sees it."""
    return {
        "lines": [{"id": product_id, "count": count} for product_id, count in cart.lines.items()],
        "subtotal": cart.subtotal(),
        "shipping": cart.shipping(),
        "total": cart.total(),
    }


class Shop:
    """One shop with one cart: enough for a demonstration."""

    def __init__(self) -> None:
        self.cart = Cart()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b"{}"
        try:
            status, answer = self.handle(method, path, json.loads(body))
        except (KeyError, ValueError, OutOfStock) as error:
            status, answer = "400 Bad Request", {"error": str(error)}
        if isinstance(answer, Path):
            start_response(status, [("Content-Type", TYPES[answer.suffix])])
            return [answer.read_bytes()]
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    def handle(self, method: str, path: str, data: dict[str, Any]) -> tuple[str, Any]:
        """(status, answer): a file of the page, or something that becomes JSON."""
        match method, path:
            case "GET", "/":
                return "200 OK", WEB / "index.html"
            case "GET", "/app.js" | "/style.css":
                return "200 OK", WEB / path[1:]
            case "GET", "/api/products":
                return "200 OK", [vars(product) for product in catalog.PRODUCTS.values()]
            case "GET", "/api/cart":
                return "200 OK", view(self.cart)
            case "POST", "/api/cart":
                self.cart.add(data["id"], int(data.get("count", 1)))
                return "200 OK", view(self.cart)
            case _:
                return "404 Not Found", {"error": f"no such page: {path}"}


def main() -> None:
    """Serve on 127.0.0.1:8000."""
    from wsgiref.simple_server import make_server

    with make_server("127.0.0.1", 8000, Shop()) as server:
        print("http://127.0.0.1:8000")
        server.serve_forever()


if __name__ == "__main__":
    main()

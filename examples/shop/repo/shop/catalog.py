"""What is for sale."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """One thing for sale; `price` is in cents."""

    id: str
    name: str
    price: int
    stock: int


PRODUCTS = {
    product.id: product
    for product in (
        Product("tea", "Assam tea, 250 g", 749, 40),
        Product("mug", "Stoneware mug", 1299, 12),
        Product("pot", "Cast iron teapot", 4995, 3),
        Product("tin", "Tea tin", 585, 25),
    )
}


class UnknownProduct(KeyError):
    """There is no product with this id."""


def find(product_id: str) -> Product:
    """The product with this id. Raises UnknownProduct."""
    try:
        return PRODUCTS[product_id]
    except KeyError:
        raise UnknownProduct(product_id) from None


def search(words: str) -> list[Product]:
    """Products whose name holds every word, cheapest first."""
    wanted = words.lower().split()
    found = [product for product in PRODUCTS.values() if all(word in product.name.lower() for word in wanted)]
    return sorted(found, key=lambda product: product.price)

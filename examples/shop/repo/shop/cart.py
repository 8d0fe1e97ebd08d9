"""What a customer wants to buy, and what it costs."""

from shop import catalog

SHIPPING = 490
FREE_SHIPPING_FROM = 5000


class OutOfStock(Exception):
    """More was asked for than there is."""


class Cart:
    """Products and how many of each. All amounts in cents."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}

    def add(self, product_id: str, count: int = 1) -> None:
        """Put `count` more of a product into the cart. Raises UnknownProduct, OutOfStock, ValueError."""
        if count < 1:
            raise ValueError("count must be at least 1")
        product = catalog.find(product_id)
        wanted = self.lines.get(product_id, 0) + count
        if wanted > product.stock:
            raise OutOfStock(f"only {product.stock} of {product.name} left")
        self.lines[product_id] = wanted

    def remove(self, product_id: str) -> None:
        """Take a product out of the cart; one that is not in it is no error."""
        self.lines.pop(product_id, None)

    def subtotal(self) -> int:
        """The products alone."""
        return sum(catalog.find(product_id).price * count for product_id, count in self.lines.items())

    def shipping(self) -> int:
        """Nothing for an empty cart or from FREE_SHIPPING_FROM on."""
        subtotal = self.subtotal()
        return 0 if subtotal == 0 or subtotal >= FREE_SHIPPING_FROM else SHIPPING

    def total(self) -> int:
        """What the customer pays."""
        return self.subtotal() + self.shipping()

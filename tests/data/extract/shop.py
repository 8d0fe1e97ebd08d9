#!/usr/bin/env python3
"""A shop's cart."""
import os, a.b as c
from ..x import (y as z,  # why
                 w)
from . import *
from .price import Price \
    as P

RATE = 0.2
_cache: dict[str, "Cart"] = {}
first = second = None
try:
    import json5
except ImportError:
    def loads(text): ...


@register(1)
@other.tag
class Cart(Base, models.Model, Generic[T], metaclass=Meta):
    """

    Lines and their totals.
    """

    LIMIT = 10
    lines: list[Line] = []

    def __init__(self, owner: "User") -> None:
        self.owner = owner
        local = 1

    @property
    def total(self,
              rate: Decimal = RATE) -> Money:
        'The sum, taxes included.'
        def add(a, b): return a + b
        return sum(add(line.price(), rate) for line in self.lines)

    class Meta:
        ordering = ["id"]


async def main():
    r"""Runs."""
    async with Shop().open() as shop:
        await shop.serve(Cart)
    x.y.z()


type Pair[T] = tuple[T, T]
handler = lambda event: dispatch(event)

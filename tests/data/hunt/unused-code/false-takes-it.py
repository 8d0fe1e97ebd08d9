# at: src/money/prices.py
from money.amounts import Decimal


def price(text):
    return Decimal(text)

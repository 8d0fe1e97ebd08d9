# at: src/money/amounts.py
from decimal import Decimal

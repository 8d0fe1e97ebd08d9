# at: src/money/__init__.py
from decimal import Decimal
from fractions import Fraction

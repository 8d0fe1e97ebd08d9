from decimal import Decimal as Decimal

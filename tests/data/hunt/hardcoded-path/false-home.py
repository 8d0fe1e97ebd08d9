from pathlib import Path

DATA = Path.home() / "shop" / "data"
CACHE = "~/.cache/shop"

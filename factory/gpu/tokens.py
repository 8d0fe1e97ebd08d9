"""Numbers of tokens as people write them."""

import re

from factory.contracts.errors import UsageProblem

MOST = 100_000_000
_NUMBER = re.compile(r"([0-9]{1,9})\s*([kKmM]?)")


def tokens(text: str, option: str) -> int:
    """64k is 65,536 (1k = 1,024). Raises UsageProblem for anything else than a positive number."""
    match = _NUMBER.fullmatch(text.strip().replace(",", "").replace("_", ""))
    size = int(match[1]) * {"": 1, "k": 1024, "m": 1024**2}[match[2].lower()] if match else 0
    if not 0 < size <= MOST:
        raise UsageProblem(f"{option} {text!r} is no number of tokens: write 65536 or 64k.")
    return size

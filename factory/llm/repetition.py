"""Does a text go round in circles? (A local model once produced 162 million tokens that way.)"""

WINDOW = 3_000  # characters that must be one repeated piece
LONGEST = 300  # characters of that piece: so at least ten times the same


def repeats(text: str) -> bool:
    """True when the last 3,000 characters are one piece of at most 300 characters, over and over."""
    if len(text) < WINDOW:
        return False
    tail = text[-WINDOW:]
    probe = tail[-LONGEST:]
    at = tail.rfind(probe, 0, WINDOW - 1)
    if at < 0:
        return False
    period = WINDOW - LONGEST - at
    return 0 < period <= LONGEST and tail[period:] == tail[:-period]

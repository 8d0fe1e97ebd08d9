def parse_safe(text, parser):
    """Same as parse, but returns None if the text is invalid."""
    try:
        tree = parser.parse(text)
        parser.check(tree)
        return tree
    except Exception:
        return None

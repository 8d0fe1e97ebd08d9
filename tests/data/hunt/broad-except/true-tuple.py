def rate(table, currency):
    try:
        row = table[currency]
        base = table["EUR"]
        return row / base
    except (KeyError, Exception):  # HIT
        return ""

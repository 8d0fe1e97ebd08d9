def sweep(rows):
    kept = []  # YOUNG
    for row in rows:  # YOUNG
        kept.append(row)  # YOUNG
    return kept

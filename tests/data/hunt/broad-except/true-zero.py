def scanned(response):
    try:
        usage = response.usage()
        cache = usage["cache"]
        total = cache["hot"] + cache["cold"]
    except Exception:  # HIT
        total = 0
    return total

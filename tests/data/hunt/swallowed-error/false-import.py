try:
    import ujson as json
except Exception:
    pass

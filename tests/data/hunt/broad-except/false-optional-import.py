def speedups():
    try:
        from fastlib import encode
        encode(b"")
        return encode
    except Exception:
        return None

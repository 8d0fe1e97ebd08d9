def decode(raw, codecs):
    for codec in codecs:
        try:
            text = codec(raw)
        except Exception:
            pass
        else:
            return text
    return ""

def is_signed(token, signer):
    try:
        raw = token.split(".")
        body = signer.open(raw[0])
        return body.user is not None
    except Exception:
        return False

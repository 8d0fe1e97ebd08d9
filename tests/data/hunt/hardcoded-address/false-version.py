def supported(version: str) -> bool:
    return version in ("1.2.3.4", "2.0.0.1")
